"""What administrators and supervisors do with the accounts that are theirs to manage.

An account that is not theirs is not there for them. Whatever is done is written down first.
"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from msgspec import UNSET

from smartcity.audit.records import AuditRecords
from smartcity.city.model import City
from smartcity.clock import now
from smartcity.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from smartcity.identifiers import new_code, new_id
from smartcity.identity.emails.service import Emails
from smartcity.identity.oidc.tokens import IdentityTokens
from smartcity.identity.roles import Actor, Role
from smartcity.identity.staff.model import (
    TEMPORARY_LASTS,
    NewStaff,
    OidcIdentity,
    Staff,
    StaffChange,
    Temporary,
)
from smartcity.identity.staff.passwords import Passwords
from smartcity.identity.staff.rules import OF_AN_AGENCY, manages_all, may_manage, mistakes
from smartcity.identity.staff.second_factor import SecondFactors
from smartcity.identity.staff.store import SessionStore, StaffStore
from smartcity.text import fold

TEMPORARY_GROUPS: Final = 2
"""Report codes that a temporary password is made of: 108 random bits, readable on the phone."""


class StaffManagement:
    def __init__(
        self,
        staff: StaffStore,
        sessions: SessionStore,
        passwords: Passwords,
        factors: SecondFactors,
        tokens: IdentityTokens,
        emails: Emails,
        audit: AuditRecords,
        city: City,
    ) -> None:
        self._staff = staff
        self._sessions = sessions
        self._passwords = passwords
        self._factors = factors
        self._tokens = tokens
        self._emails = emails
        self._audit = audit
        self._city = city

    async def page(
        self, actor: Actor, after: UUID | None, limit: int, agency: str | None = None
    ) -> list[Staff]:
        """The accounts that are the actor's to manage, in the order of their making."""
        if manages_all(actor):
            return await self._staff.page(after, limit, agency=agency)
        return await self._staff.page(
            after, limit, roles=OF_AN_AGENCY, agencies=actor.agencies, agency=agency
        )

    async def get(self, actor: Actor, staff: UUID) -> Staff:
        """Raises `NotFound`, also for an account that is not the actor's to manage."""
        found = await self._staff.get(staff)
        if found is None or not may_manage(actor, found.roles, found.agencies):
            raise NotFound
        return found

    async def add(self, actor: Actor, new: NewStaff) -> tuple[Staff, Temporary | None]:
        """A new account, and its temporary password unless an identity provider vouches.

        Raises `Invalid`, `Forbidden`, and `Conflict` if there is an account of a name that looks
        the same or of this identity.
        """
        self._check(actor, new.username, new.roles, new.agencies)
        oidc = UNSET if new.oidc is None else self._identity(actor, new.oidc)
        temporary = _temporary() if new.oidc is None else None
        at = now()
        staff = Staff(
            id=new_id(),
            username=new.username,
            folded=fold(new.username),
            name=new.name or new.username,
            password=temporary and await self._passwords.hash(temporary.password),
            password_until=temporary and temporary.expires_at,
            roles=new.roles,
            agencies=new.agencies,
            oidc=oidc,
            created_at=at,
        )
        await self._write(actor, "staff_created", staff, **_codes(staff.roles, staff.agencies))
        if not await self._staff.add(staff):
            raise Conflict(reason="taken")
        if new.email is not None:
            await self._set_email(staff.id, new.email)
        return staff, temporary

    async def change(self, actor: Actor, account: UUID, change: StaffChange) -> Staff:
        """Raises `NotFound`, `Invalid`, `Forbidden`, and `Conflict` for the last administrator."""
        staff = await self.get(actor, account)
        roles = staff.roles if change.roles is UNSET else change.roles
        agencies = staff.agencies if change.agencies is UNSET else change.agencies
        self._check(actor, staff.username, roles, agencies)
        fields: dict[str, Any] = {"roles": sorted(roles), "agencies": sorted(agencies)}
        if change.name is not UNSET:
            fields["name"] = change.name
        if change.oidc is not UNSET:
            fields["oidc"] = change.oidc and self._identity(actor, change.oidc)
        await self._write(actor, "staff_changed", staff, **_codes(roles, agencies))
        changed = await self._apply(staff, fields, losing=Role.ADMIN not in roles)
        if change.email is not UNSET:
            await self._set_email(staff.id, change.email)
        return changed

    async def email(self, staff: Staff) -> str | None:
        """Where an account is written to, for who manages it."""
        email = await self._emails.of(staff.id)
        return email and await self._emails.address(email)

    async def disable(self, actor: Actor, account: UUID) -> None:
        """Let somebody in no more; open sessions end. Raises as `change` does."""
        staff = await self.get(actor, account)
        await self._write(actor, "staff_disabled", staff)
        if staff.disabled_at is None:
            await self._apply(staff, {"disabled_at": now()}, losing=True)
        await self._sessions.end_all(staff.id)

    async def enable(self, actor: Actor, account: UUID) -> None:
        staff = await self.get(actor, account)
        await self._write(actor, "staff_enabled", staff)
        await self._staff.change(staff, {"disabled_at": None})

    async def reset_password(self, actor: Actor, account: UUID) -> Temporary:
        """A temporary password in the place of the old one; open sessions end."""
        staff = await self._another(actor, account)
        temporary = _temporary()
        fields = {
            "password": await self._passwords.hash(temporary.password),
            "password_until": temporary.expires_at,
        }
        await self._write(actor, "staff_password_reset", staff)
        await self._staff.change(staff, fields)
        await self._sessions.end_all(staff.id)
        return temporary

    async def reset_totp(self, actor: Actor, account: UUID) -> None:
        """Somebody lost phone and recovery codes: ask for no codes any more; sessions end."""
        staff = await self._another(actor, account)
        await self._write(actor, "staff_totp_reset", staff)
        await self._factors.remove(staff)
        await self._sessions.end_all(staff.id)

    async def end_sessions(self, actor: Actor, account: UUID) -> None:
        staff = await self.get(actor, account)
        await self._write(actor, "staff_sessions_ended", staff)
        await self._sessions.end_all(staff.id)

    async def _set_email(self, staff: UUID, address: str | None) -> None:
        if address is None:
            await self._emails.remove(staff)
        else:
            await self._emails.give(staff, address)

    async def _another(self, actor: Actor, account: UUID) -> Staff:
        """An account whose secrets the actor may take away. Raises `Forbidden` for one's own: those
        are changed with a proof (`own`), so that an unattended screen is not enough.
        """
        staff = await self.get(actor, account)
        if staff.id == actor.id:
            raise Forbidden
        return staff

    def _check(
        self, actor: Actor, username: str, roles: frozenset[Role], agencies: frozenset[str]
    ) -> None:
        if wrong := mistakes(username, None, roles, agencies, self._city):
            raise Invalid(*wrong)
        if not may_manage(actor, roles, agencies):
            raise Forbidden

    def _identity(self, actor: Actor, given: OidcIdentity) -> bytes:
        """Who decides whom an identity provider lets in as somebody might come as them."""
        if not manages_all(actor):
            raise Forbidden
        digest = self._tokens.digest_for_staff(given.issuer, given.subject)
        if digest is None:
            raise Invalid(FieldError("oidc.issuer", "unknown"))
        return digest

    async def _apply(self, staff: Staff, fields: Mapping[str, Any], *, losing: bool) -> Staff:
        if losing and Role.ADMIN in staff.roles:
            return await self._staff.change_but_not_last_admin(staff, fields)
        return await self._staff.change(staff, fields)

    async def _write(self, actor: Actor, action: str, staff: Staff, **details: str) -> None:
        if actor.id is None:  # who works at the machine itself
            await self._audit.write_of_command(action, staff.id, **details)
        else:
            await self._audit.write(actor, action, staff.id, **details)


def _codes(roles: frozenset[Role], agencies: frozenset[str]) -> dict[str, str]:
    return {"roles": " ".join(sorted(roles)), "agencies": " ".join(sorted(agencies))}


def _temporary() -> Temporary:
    password = "-".join(new_code() for _ in range(TEMPORARY_GROUPS))
    return Temporary(password=password, expires_at=now() + TEMPORARY_LASTS)
