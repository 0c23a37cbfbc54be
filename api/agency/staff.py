"""Accounts of staff, for those who manage them: administrators and heads of agencies."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from api.pagination import Cursor, Limit, decode_cursor, encode_cursor, page_of
from smartcity.identity.roles import Actor, Role
from smartcity.identity.staff.managing import StaffManagement
from smartcity.identity.staff.model import NewStaff, Staff, StaffChange, Temporary

OfAgency = Annotated[str | None, QueryParameter(max_length=40, description="Only of this agency.")]


class StaffView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An account as its managers see it. `agencies` are those given; a supervisor acts for those
    below them too. `email` is told of one account at a time; `temporary_password_until` is there as
    long as nobody chose a password.
    """

    id: UUID
    username: str
    name: str
    roles: list[Role]
    agencies: list[str]
    totp: bool
    oidc: bool
    created_at: datetime
    email: str | None = None
    temporary_password_until: datetime | None = None
    disabled_at: datetime | None = None


class StaffPage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """In the order in which the accounts were made."""

    items: list[StaffView]
    next_cursor: str | None = None


class AddedStaff(StaffView, frozen=True, kw_only=True, omit_defaults=True):
    """`temporary_password` is told once; the first log-in asks for another."""

    temporary_password: Temporary | None = None


class StaffController(Controller):
    path = "/v1/staff"
    tags = ("Staff",)

    @get(operation_id="ListStaff")
    async def listed(
        self,
        actor: NamedDependency[Actor],
        staff_management: NamedDependency[StaffManagement],
        cursor: Cursor = None,
        limit: Limit = 50,
        agency: OfAgency = None,
    ) -> StaffPage:
        """List the accounts that are the caller's to manage: all of them, or those of one's own
        agencies.
        """
        after = decode_cursor(cursor, UUID)
        found = await staff_management.page(actor, after, limit + 1, agency)
        page, more = page_of(found, limit)
        return StaffPage(
            items=[_view(staff) for staff in page],
            next_cursor=encode_cursor(page[-1].id) if more else None,
        )

    @post(operation_id="AddStaff")
    async def add(
        self,
        data: JSONBody[NewStaff],
        actor: NamedDependency[Actor],
        staff_management: NamedDependency[StaffManagement],
    ) -> AddedStaff:
        """Add an account. Its temporary password is in the answer, and nowhere else."""
        staff, temporary = await staff_management.add(actor, data)
        shown = msgspec.structs.asdict(_view(staff, data.email))
        return AddedStaff(**shown, temporary_password=temporary)

    @get("/{staff_id:uuid}", operation_id="GetStaff")
    async def one(
        self,
        staff_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        staff_management: NamedDependency[StaffManagement],
    ) -> StaffView:
        """Show an account that is the caller's to manage."""
        staff = await staff_management.get(actor, staff_id)
        return _view(staff, await staff_management.email(staff))

    @patch("/{staff_id:uuid}", operation_id="UpdateStaff")
    async def change(
        self,
        staff_id: FromPath[UUID],
        data: JSONBody[StaffChange],
        actor: NamedDependency[Actor],
        staff_management: NamedDependency[StaffManagement],
    ) -> StaffView:
        """Change name, roles, agencies, e-mail address or the identity provider's name for
        somebody. It takes effect within five seconds, in open sessions too.
        """
        staff = await staff_management.change(actor, staff_id, data)
        return _view(staff, await staff_management.email(staff))

    @put("/{staff_id:uuid}/disabled", operation_id="DisableStaff", status_code=204)
    async def disable(
        self,
        staff_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        staff_management: NamedDependency[StaffManagement],
    ) -> None:
        """Let somebody in no more. Open sessions end within five seconds."""
        await staff_management.disable(actor, staff_id)

    @delete("/{staff_id:uuid}/disabled", operation_id="EnableStaff")
    async def enable(
        self,
        staff_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        staff_management: NamedDependency[StaffManagement],
    ) -> None:
        """Let somebody in again, with the password they had."""
        await staff_management.enable(actor, staff_id)

    @post("/{staff_id:uuid}/password", operation_id="ResetStaffPassword")
    async def reset_password(
        self,
        staff_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        staff_management: NamedDependency[StaffManagement],
    ) -> Temporary:
        """Give somebody a temporary password, which the first log-in replaces. Open sessions
        end.
        """
        return await staff_management.reset_password(actor, staff_id)

    @delete("/{staff_id:uuid}/totp", operation_id="ResetStaffTotp")
    async def reset_totp(
        self,
        staff_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        staff_management: NamedDependency[StaffManagement],
    ) -> None:
        """Ask somebody for no one-time codes until they set them up again. Open sessions end."""
        await staff_management.reset_totp(actor, staff_id)

    @delete("/{staff_id:uuid}/sessions", operation_id="EndStaffSessions")
    async def end_sessions(
        self,
        staff_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        staff_management: NamedDependency[StaffManagement],
    ) -> None:
        """End all sessions of somebody, everywhere within five seconds."""
        await staff_management.end_sessions(actor, staff_id)


def _view(staff: Staff, email: str | None = None) -> StaffView:
    return StaffView(
        id=staff.id,
        username=staff.username,
        name=staff.name,
        roles=sorted(staff.roles),
        agencies=sorted(staff.agencies),
        totp=staff.totp is not None,
        oidc=isinstance(staff.oidc, bytes),
        created_at=staff.created_at,
        email=email,
        temporary_password_until=staff.password_until,
        disabled_at=staff.disabled_at,
    )
