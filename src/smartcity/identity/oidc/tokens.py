"""ID tokens of identity providers: whether they are genuine, meant for us, and whom they name.

Checked as OpenID Connect Core 1.0, section 3.1.3.7, and RFC 8725 (JWT Best Current Practices) say.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, cast

import jwt
import msgspec
import structlog
from jwt.exceptions import (
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAudienceError,
    PyJWTError,
)
from msgspec import Meta

from smartcity.clock import now
from smartcity.errors import FieldError, SmartCityError, TokenRefused
from smartcity.identity.oidc.issuers import Audience, Issuer
from smartcity.identity.oidc.keys import AGAIN_S, IssuerKeys
from smartcity.identity.oidc.store import UsedTokenStore
from smartcity.identity.roles import Assurance

log = structlog.get_logger(__name__)

LEEWAY_S: Final = 60
"""How far an issuer's clock may be from ours."""

OLDEST: Final = timedelta(days=1)
"""No token is taken for longer after it was made, whatever it says itself."""

REQUIRED: Final = ("iss", "aud", "sub", "exp", "iat")
LONGEST_SUBJECT: Final = 255

REASONS: Final[Mapping[type[Exception], str]] = {
    ExpiredSignatureError: "expired",
    ImmatureSignatureError: "not_yet_valid",
    InvalidAudienceError: "audience",
}
"""What a developer is told of a token that is not taken; of the others, that it is not genuine."""


class IdToken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An identity provider's token, and the nonce that was sent for it, if one was."""

    id_token: Annotated[str, Meta(min_length=1, max_length=16_384)]
    nonce: Annotated[str, Meta(min_length=1, max_length=500)] | None = None


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a token names. `digest` stands for issuer and subject; nothing else of it is kept."""

    issuer: Issuer
    digest: bytes
    assurance: Assurance


class IdentityTokens:
    """`key` is the installation's secret: without it a digest tells nobody whose it is."""

    def __init__(
        self,
        issuers: Iterable[Issuer],
        used: UsedTokenStore,
        key: bytes,
        *,
        again_s: float = AGAIN_S,
    ) -> None:
        self._issuers = tuple(issuers)
        self._keys = {one.name: IssuerKeys(one, again_s=again_s) for one in self._issuers}
        self._used = used
        self._key = key

    async def identify(self, given: IdToken, audience: Audience, by: bytes) -> Identity:
        """Whom a token names, which `by` (a device, an address) then has used; only they may use
        it again.

        Raises `TokenRefused`, and `Unavailable` when the issuer's keys are not to be had.
        """
        issuer = self._issuer_of(given.id_token, audience)
        claims = await self._verified(given.id_token, issuer)
        _check(claims, issuer, given.nonce)
        until = datetime.fromtimestamp(int(claims["iat"]), UTC) + 2 * OLDEST
        if not await self._used.use(_name_of(given.id_token), by, until):
            raise refusal("used")
        return Identity(
            issuer=issuer,
            digest=self._digest(issuer, claims["sub"]),
            assurance=_assurance(issuer, claims),
        )

    def digest_for_staff(self, issuer: str, subject: str) -> bytes | None:
        """What stands for somebody at an issuer of staff; none for one that is not configured."""
        for one in self._issuers:
            if one.name == issuer and one.audience is Audience.STAFF:
                return self._digest(one, subject)
        return None

    async def refresh(self) -> None:
        """Fetch every issuer's keys anew."""
        for keys in self._keys.values():
            await keys.refresh()

    def _issuer_of(self, token: str, audience: Audience) -> Issuer:
        """The issuer that a token says it is from; nothing else of it is believed yet."""
        try:
            jwt.get_unverified_header(token)
            claims = jwt.decode(token, options={"verify_signature": False})
        except (PyJWTError, RecursionError):
            raise refusal("form") from None
        named = [
            one
            for one in self._issuers
            if one.url == claims.get("iss") and one.audience is audience
        ]
        if not named:
            raise refusal("issuer")
        clients = _audiences(claims)
        return next((one for one in named if not clients.isdisjoint(one.audiences)), named[0])

    async def _verified(self, token: str, issuer: Issuer) -> dict[str, Any]:
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in issuer.algorithms:
            raise refusal("algorithm")
        key = await self._keys[issuer.name].find(header.get("kid"))
        if key is None:
            raise refusal("key")
        try:
            return jwt.decode(
                token,
                key.key,
                algorithms=[header["alg"]],
                audience=issuer.audiences,
                issuer=issuer.url,
                leeway=LEEWAY_S,
                options={"require": list(REQUIRED)},
            )
        except (PyJWTError, TypeError, ValueError, OverflowError) as error:
            raise refusal(REASONS.get(type(error), "not_genuine")) from None

    def _digest(self, issuer: Issuer, subject: str) -> bytes:
        named = f"{issuer.name}\0{subject}".encode()
        return hmac.digest(self._key, b"identity " + named, "sha256")


def refusal(reason: str) -> SmartCityError:
    """For the log and for the caller's developers; nothing of the token's content."""
    log.info("identity token refused", reason=reason)
    return TokenRefused(FieldError("id_token", reason))


def _check(claims: Mapping[str, Any], issuer: Issuer, nonce: str | None) -> None:
    """What PyJWT leaves to the application."""
    clients, party = _audiences(claims), claims.get("azp")
    known = {*issuer.audiences, *issuer.parties}
    if (party is None and len(clients) > 1) or (party is not None and party not in known):
        raise refusal("party")
    if claims.get("nonce") != nonce:
        raise refusal("nonce")
    if not isinstance(claims["sub"], str) or not 1 <= len(claims["sub"]) <= LONGEST_SUBJECT:
        raise refusal("subject")
    if now().timestamp() - int(claims["iat"]) > OLDEST.total_seconds():
        raise refusal("expired")


def _audiences(claims: Mapping[str, Any]) -> frozenset[str]:
    given = claims.get("aud")
    listed = cast("list[Any]", given) if isinstance(given, list) else [given]
    return frozenset(client for client in listed if isinstance(client, str))


def _assurance(issuer: Issuer, claims: Mapping[str, Any]) -> Assurance:
    if issuer.verified:
        return Assurance.ACCOUNT
    confirmed = not issuer.phone_verified_claim or claims.get(issuer.phone_verified_claim) is True
    return Assurance.PHONE if claims.get(issuer.phone_claim) and confirmed else Assurance.DEVICE


def _name_of(token: str) -> bytes:
    """Of what is signed, and not of the signature: that can be written in more than one way."""
    return hashlib.sha256(token.rpartition(".")[0].encode()).digest()
