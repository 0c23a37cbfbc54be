"""What members of staff do with their own account. Whatever is done is written down first."""

from uuid import UUID

from pyotp.totp import TOTP

from smartcity.audit.records import AuditRecords
from smartcity.city.model import City
from smartcity.errors import Conflict, FieldError, Invalid, Unauthenticated, WrongCredentials
from smartcity.identifiers import token_hash
from smartcity.identity.attempts.service import LOG_IN, Attempts
from smartcity.identity.roles import Actor
from smartcity.identity.staff.model import PasswordChange, Proof, Staff
from smartcity.identity.staff.passwords import Passwords
from smartcity.identity.staff.rules import weakness
from smartcity.identity.staff.second_factor import SecondFactors
from smartcity.identity.staff.store import SessionStore, StaffStore


class OwnAccount:
    """Each method is about the actor's own account. A wrong password or code counts as a failed
    attempt of that account's holder, apart from log-ins. Raises `WrongCredentials` for one,
    `TooManyRequests` after many.
    """

    def __init__(
        self,
        staff: StaffStore,
        sessions: SessionStore,
        passwords: Passwords,
        attempts: Attempts,
        factors: SecondFactors,
        audit: AuditRecords,
        city: City,
    ) -> None:
        self._staff = staff
        self._sessions = sessions
        self._passwords = passwords
        self._attempts = attempts
        self._factors = factors
        self._audit = audit
        self._city = city

    async def change_password(self, actor: Actor, token: str, change: PasswordChange) -> None:
        """Every other session ends. Raises `Invalid` for a password that is easy to guess."""
        staff = await self._get(actor.own_id)
        if reason := weakness(change.new, staff.username, self._city):
            raise Invalid(FieldError("new", reason))
        if change.new == change.present:
            raise Invalid(FieldError("new", "same"))
        await self._prove(staff, change.present)
        kept = await self._passwords.hash(change.new)
        await self._audit.write(actor, "staff_password_changed", subject=staff.id)
        await self._staff.change(staff, {"password": kept, "password_until": None})
        await self._sessions.end_all(staff.id, but=token_hash(token))

    async def propose_totp(self, actor: Actor, proof: Proof) -> tuple[str, str]:
        """A secret for one-time codes and the same as an `otpauth:` address, told this once.

        Raises `Conflict` if codes are set up, and for an account without a password: its identity
        provider asks for them.
        """
        staff = await self._get(actor.own_id)
        await self._prove(staff, proof.password)
        secret = await self._factors.propose(staff)
        city = self._city.name[self._city.languages[0]]
        return secret, TOTP(secret).provisioning_uri(name=staff.username, issuer_name=city)

    async def confirm_totp(self, actor: Actor, token: str, code: str) -> list[str]:
        """From now on codes are asked for; answers with the recovery codes. Every other session
        ends.
        """
        staff = await self._get(actor.own_id)
        await self._audit.write(actor, "staff_totp_set_up", subject=staff.id)
        async with self._attempts.in_turn(_own(staff)):
            codes = await self._factors.confirm(staff, code)
        await self._sessions.end_all(staff.id, but=token_hash(token))
        return codes

    async def remove_totp(self, actor: Actor, proof: Proof) -> None:
        """Raises `Conflict` if none are set up."""
        staff = await self._proven(actor, proof)
        await self._audit.write(actor, "staff_totp_removed", subject=staff.id)
        await self._factors.remove(staff)

    async def renew_recovery(self, actor: Actor, proof: Proof) -> list[str]:
        """New recovery codes; the old ones open nothing. Raises `Conflict` if no one-time codes are
        set up.
        """
        staff = await self._proven(actor, proof)
        await self._audit.write(actor, "staff_recovery_renewed", subject=staff.id)
        return await self._factors.renew_recovery(staff)

    async def end_other_sessions(self, actor: Actor, token: str) -> None:
        await self._audit.write(actor, "staff_sessions_ended", subject=actor.own_id)
        await self._sessions.end_all(actor.own_id, but=token_hash(token))

    async def _get(self, staff: UUID) -> Staff:
        found = await self._staff.get(staff)
        if found is None or found.disabled_at is not None:
            raise Unauthenticated
        return found

    async def _proven(self, actor: Actor, proof: Proof) -> Staff:
        """The account of who gave its password and one of its codes."""
        staff = await self._get(actor.own_id)
        if staff.totp is None:
            raise Conflict
        await self._prove(staff, proof.password)
        async with self._attempts.in_turn(_own(staff)):
            return await self._factors.check(staff, proof.totp, proof.recovery_code)

    async def _prove(self, staff: Staff, password: str) -> None:
        if staff.password is None:
            raise Conflict(reason="no_password")
        async with self._attempts.in_turn(_own(staff)):
            if not await self._passwords.matches(password, staff.password):
                raise WrongCredentials(FieldError("password", "wrong"))


def _own(staff: Staff) -> tuple[str, str]:
    """Counted apart from log-ins: who sits at an open session cannot lock its holder out."""
    return LOG_IN, f"own {staff.id}"
