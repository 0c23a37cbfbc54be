"""What proves beside the password that it is the account's holder: one-time and recovery codes."""

import hmac
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec
from pyotp import random_base32

from smartcity.clock import now
from smartcity.errors import Conflict, FieldError, WrongCredentials
from smartcity.identifiers import new_code
from smartcity.identity.personal import PersonalData
from smartcity.identity.staff.model import Staff
from smartcity.identity.staff.store import StaffStore
from smartcity.identity.staff.totp import step_of

RECOVERY_CODES: Final = 10
"""Each opens once, when the phone with the one-time codes is lost."""


class SecondFactors:
    """`key` is the installation's secret: a digest of a recovery code is worth nothing without."""

    def __init__(self, staff: StaffStore, personal: PersonalData, key: bytes) -> None:
        self._staff = staff
        self._personal = personal
        self._key = key

    async def check(self, staff: Staff, totp: str | None, recovery_code: str | None) -> Staff:
        """Use up a code of an account that has them, and answer with the account after that.
        Raises `WrongCredentials`.
        """
        if staff.totp is None:
            return staff
        if recovery_code is not None:
            digest = self._digest(staff.id, recovery_code)
            if not await self._staff.use_recovery(staff.id, digest):
                raise WrongCredentials(FieldError("recovery_code", "wrong"))
            left = tuple(code for code in staff.recovery if code != digest)
            return msgspec.structs.replace(staff, recovery=left)
        if totp is None:
            raise WrongCredentials(FieldError("totp", "required"))
        await self._use(staff, staff.totp, totp)
        return staff

    async def propose(self, staff: Staff) -> str:
        """A new secret, of no effect until a code of it is confirmed. Raises `Conflict` if the
        account has one.
        """
        if staff.totp is not None:
            raise Conflict
        secret = random_base32()
        await self._staff.change(staff, {"totp_new": self._personal.encrypt(secret)})
        return secret

    async def confirm(self, staff: Staff, code: str) -> list[str]:
        """From now on codes are asked for; answers with the recovery codes.

        Raises `Conflict` if no secret was proposed, `WrongCredentials` for a code that is not its.
        """
        if staff.totp_new is None:
            raise Conflict
        step = step_of(self._personal.decrypt(staff.totp_new), code, now())
        if step is None:
            raise WrongCredentials(FieldError("code", "wrong"))
        codes, digests = self._recovery(staff.id)
        await self._staff.change(
            staff,
            {"totp": staff.totp_new, "totp_new": None, "totp_step": step, "recovery": digests},
        )
        return codes

    async def renew_recovery(self, staff: Staff) -> list[str]:
        """New recovery codes in the place of all old ones. Raises `Conflict` without one-time
        codes.
        """
        if staff.totp is None:
            raise Conflict
        codes, digests = self._recovery(staff.id)
        await self._staff.change(staff, {"recovery": digests})
        return codes

    async def remove(self, staff: Staff) -> None:
        """Ask for no codes any more."""
        await self._staff.change(staff, {"totp": None, "totp_new": None, "recovery": []})

    async def _use(self, staff: Staff, kept: bytes, code: str) -> None:
        step = step_of(self._personal.decrypt(kept), code, now())
        if step is None or not await self._staff.use_step(staff.id, step):
            raise WrongCredentials(FieldError("totp", "wrong"))

    def _recovery(self, staff: UUID) -> tuple[list[str], Sequence[bytes]]:
        codes = [new_code() for _ in range(RECOVERY_CODES)]
        return codes, [self._digest(staff, code) for code in codes]

    def _digest(self, staff: UUID, code: str) -> bytes:
        """Of a code as people type it: case, spaces and dashes do not count."""
        typed = "".join(letter for letter in code.upper() if letter.isalnum())
        return hmac.digest(self._key, b"recovery code" + staff.bytes + typed.encode(), "sha256")
