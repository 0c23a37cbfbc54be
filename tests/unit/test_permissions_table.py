import pytest

from api.permissions import PERMISSIONS, SCOPES, permitted
from smartcity.identity.roles import ANYONE, CLOCK, Actor, Role, Scope


@pytest.mark.parametrize("role", Role)
def test_a_role_may_call_what_the_table_says_and_nothing_else(role: Role):
    actor = Actor(roles=frozenset({role}), scopes=frozenset(Scope))
    may = {operation_id for operation_id in PERMISSIONS if permitted(operation_id, actor)}
    assert may == {operation_id for operation_id, roles in PERMISSIONS.items() if role in roles}


@pytest.mark.parametrize("operation_id", [None, "", "NoSuchOperation"])
def test_what_is_not_in_the_table_is_refused_for_everybody(operation_id: str | None):
    everything = Actor(roles=frozenset(Role), scopes=frozenset(Scope))
    assert not permitted(operation_id, everything)


def test_one_of_several_roles_is_enough():
    assert permitted("GetQueue", Actor(roles=frozenset({Role.AUDITOR, Role.HANDLER})))


def test_the_clock_is_never_a_caller():
    assert not any(permitted(operation_id, CLOCK) for operation_id in PERMISSIONS)


def test_whoever_has_no_credential_only_reads_registers_and_logs_in():
    changing = (
        "Submit",
        "Act",
        "Follow",
        "Unfollow",
        "Update",
        "Mark",
        "Upload",
        "LogOut",
        "Queue",
    )
    open_to_all = {name for name in PERMISSIONS if permitted(name, ANYONE)}
    assert not [name for name in open_to_all if name.startswith(changing)]


def test_a_key_opens_what_its_scopes_name():
    for operation_id, scope in SCOPES.items():
        assert permitted(
            operation_id, Actor(roles=frozenset({Role.MACHINE}), scopes=frozenset({scope}))
        )
        assert not permitted(operation_id, Actor(roles=frozenset({Role.MACHINE})))
