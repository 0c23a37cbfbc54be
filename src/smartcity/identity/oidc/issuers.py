"""Which identity providers are trusted, and for whom: a TOML file that the operator writes."""

import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from smartcity.settings import PROJECT, SettingsError

ALGORITHMS: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
"""Signatures by a key that only the issuer has. Never `none`; never HS*, whose key we would share
(RFC 8725, section 3.1).
"""

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})

Text = Annotated[str, Meta(min_length=1, max_length=500)]


class Audience(StrEnum):
    """Whom an issuer vouches for."""

    CITIZENS = "citizens"
    STAFF = "staff"


class Issuer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One identity provider. `name` is ours for it, and stays: accounts hang on it.

    `audiences` are the client ids that its tokens are made for, `parties` further ones that may
    have asked for them (`azp`). `verified`: it checks who people are (VNeID), so that its accounts
    are as sure as it gets; otherwise a phone number that it has confirmed makes them as sure as
    that. `phone_verified_claim` is empty where a number stands in a token only when it is confirmed
    (Firebase).
    """

    name: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{0,39}$")]
    url: Text
    audience: Audience = msgspec.field(name="for")
    audiences: Annotated[tuple[Text, ...], Meta(min_length=1, max_length=20)]
    parties: Annotated[tuple[Text, ...], Meta(max_length=20)] = ()
    jwks_uri: Text | None = None
    algorithms: Annotated[frozenset[str], Meta(min_length=1)] = frozenset({"RS256", "ES256"})
    verified: bool = False
    phone_claim: Text = "phone_number"
    phone_verified_claim: str = "phone_number_verified"

    def __post_init__(self) -> None:
        for address in (self.url, *([self.jwks_uri] if self.jwks_uri else [])):
            if not is_safe(address):
                raise ValueError(f"{address}: must begin with https://")
        if unsafe := sorted(self.algorithms - ALGORITHMS):
            raise ValueError(f"algorithms: {', '.join(unsafe)}: never accepted")


class IssuersFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    issuers: tuple[Issuer, ...] = ()

    def __post_init__(self) -> None:
        names = [issuer.name for issuer in self.issuers]
        clients = [(one.url, client) for one in self.issuers for client in one.audiences]
        for what, given in (("name", names), ("audience of one issuer", clients)):
            if len(set(given)) < len(given):
                raise ValueError(f"issuers: the same {what} twice")


def load_issuers(file: str) -> tuple[Issuer, ...]:
    """The issuers in a file; none without a file. Raises `SettingsError`, naming file and place."""
    if not file:
        return ()
    path = Path(file) if Path(file).is_file() else PROJECT / file
    try:
        return msgspec.toml.decode(path.read_bytes(), type=IssuersFile).issuers
    except (OSError, tomllib.TOMLDecodeError, msgspec.MsgspecError) as error:
        raise SettingsError(f"oidc_issuers: {path}: {error}") from error


def is_safe(address: str) -> bool:
    """Whether nobody on the way can change what is read from there."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
