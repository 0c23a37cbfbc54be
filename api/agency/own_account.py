"""What members of staff do with their own account: password, one-time codes, sessions."""

from typing import Any

import msgspec
from litestar import Controller, Request, delete, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from smartcity.identity.credentials import Credentials
from smartcity.identity.roles import Actor
from smartcity.identity.staff.model import PasswordChange, Proof, TotpCode
from smartcity.identity.staff.own import OwnAccount


class TotpSecret(msgspec.Struct, frozen=True, kw_only=True):
    """For the phone's app, told once: `uri` is what its camera reads as a QR code, `secret` what
    one types instead.
    """

    secret: str
    uri: str


class RecoveryCodes(msgspec.Struct, frozen=True):
    """Told once. Each opens once, in the place of a one-time code."""

    recovery_codes: list[str]


class OwnAccountController(Controller):
    path = "/v1/staff/me"
    tags = ("Staff",)

    @put("/password", operation_id="ChangeMyPassword", status_code=204)
    async def change_password(
        self,
        data: JSONBody[PasswordChange],
        actor: NamedDependency[Actor],
        own_account: NamedDependency[OwnAccount],
        credentials: NamedDependency[Credentials],
        request: Request[Actor, str, Any],
    ) -> None:
        """Choose a new password. Every other session ends."""
        await own_account.change_password(actor, request.auth, data)
        credentials.forget(request.auth)

    @post("/totp", operation_id="SetUpMyTotp")
    async def set_up_totp(
        self,
        data: JSONBody[Proof],
        actor: NamedDependency[Actor],
        own_account: NamedDependency[OwnAccount],
    ) -> TotpSecret:
        """Begin with one-time codes (RFC 6238): get a secret, of no effect until a code of it is
        confirmed.
        """
        secret, uri = await own_account.propose_totp(actor, data)
        return TotpSecret(secret=secret, uri=uri)

    @put("/totp", operation_id="ConfirmMyTotp")
    async def confirm_totp(
        self,
        data: JSONBody[TotpCode],
        actor: NamedDependency[Actor],
        own_account: NamedDependency[OwnAccount],
        credentials: NamedDependency[Credentials],
        request: Request[Actor, str, Any],
    ) -> RecoveryCodes:
        """Confirm a first code: from now on log-ins ask for one. Every other session ends."""
        codes = await own_account.confirm_totp(actor, request.auth, data.code)
        credentials.forget(request.auth)
        return RecoveryCodes(codes)

    @post("/totp/removal", operation_id="RemoveMyTotp", status_code=204)
    async def remove_totp(
        self,
        data: JSONBody[Proof],
        actor: NamedDependency[Actor],
        own_account: NamedDependency[OwnAccount],
        credentials: NamedDependency[Credentials],
        request: Request[Actor, str, Any],
    ) -> None:
        """Give up one-time codes, with the password and one of them."""
        await own_account.remove_totp(actor, data)
        credentials.forget(request.auth)

    @post("/recovery-codes", operation_id="RenewMyRecoveryCodes", status_code=200)
    async def renew_recovery_codes(
        self,
        data: JSONBody[Proof],
        actor: NamedDependency[Actor],
        own_account: NamedDependency[OwnAccount],
    ) -> RecoveryCodes:
        """Get new recovery codes, with the password and a code; the old ones open nothing."""
        return RecoveryCodes(await own_account.renew_recovery(actor, data))

    @delete("/sessions", operation_id="EndMyOtherSessions")
    async def end_other_sessions(
        self,
        actor: NamedDependency[Actor],
        own_account: NamedDependency[OwnAccount],
        request: Request[Actor, str, Any],
    ) -> None:
        """End every session of one's own but this one."""
        await own_account.end_other_sessions(actor, request.auth)
