"""Who a report is from."""

from typing import Any, cast

import pytest

from smartcity.city.model import City
from smartcity.identifiers import new_id
from smartcity.identity.consents.service import Consents
from smartcity.identity.personal import PersonalData
from smartcity.identity.persons.service import PersonKeys
from smartcity.identity.phones import Phones
from smartcity.identity.roles import Actor, Assurance, Role
from smartcity.reports.model import Reporter
from smartcity.reports.personal.reporters import Reporters
from smartcity.reports.requests import Contact, NewReport

pytestmark = pytest.mark.anyio

SECRET = bytes(range(32))
DEVICE = Actor(roles=frozenset({Role.DEVICE}), id=new_id())
OPERATOR = Actor(roles=frozenset({Role.OPERATOR}), id=new_id())


class Asked(Exception):
    """The database was asked something."""


class NoDatabase:
    def __getattr__(self, name: str) -> Any:
        raise Asked(name)


@pytest.fixture
def reporters(hanoi: City) -> Reporters:
    store = cast("Any", NoDatabase())
    keys = PersonKeys(store, PersonalData(SECRET))
    return Reporters(keys, Phones(SECRET, "VN"), Consents(store, hanoi))


def report(**more: Any) -> NewReport:
    return NewReport(category="pothole", description="Ổ gà", **more)


async def test_a_report_without_contact_asks_the_database_nothing(reporters: Reporters) -> None:
    assert await reporters.of(report(), DEVICE) == Reporter(id=DEVICE.own_id)
    with pytest.raises(Asked):
        await reporters.of(report(contact=Contact(name="An")), DEVICE)


async def test_an_operators_word_is_not_the_operators_report(reporters: Reporters) -> None:
    taken = await reporters.of(report(), OPERATOR)
    assert taken.id != OPERATOR.id
    assert (taken.by, taken.assurance) == (OPERATOR.id, Assurance.DEVICE)
