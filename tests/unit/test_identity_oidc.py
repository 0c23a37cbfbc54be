"""ID tokens against a real issuer on this machine, with real keys that it changes."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from smartcity.errors import SmartCityError, TokenRefused, Unavailable
from smartcity.identity.oidc.issuers import Audience, load_issuers
from smartcity.identity.oidc.store import UsedTokenStore
from smartcity.identity.oidc.tokens import IdentityTokens, IdToken
from smartcity.identity.roles import Assurance
from smartcity.settings import SettingsError
from smartcity.storage.mongo import Database
from tests.standins.oidc import CLIENT, LocalIssuer, local_issuer

pytestmark = pytest.mark.anyio

KEY = bytes(range(32))


@pytest.fixture
async def issuer() -> AsyncIterator[LocalIssuer]:
    async with local_issuer() as started:
        yield started


@pytest.fixture
def tokens(database: Database, issuer: LocalIssuer, tmp_path: Path) -> IdentityTokens:
    return made(database, issuer.configured(tmp_path))


def made(database: Database, file: str, again_s: float = 10) -> IdentityTokens:
    return IdentityTokens(load_issuers(file), UsedTokenStore(database), KEY, again_s=again_s)


async def identify(tokens: IdentityTokens, token: str, by: bytes = b"phone", **more: Any) -> Any:
    return await tokens.identify(IdToken(id_token=token, **more), Audience.CITIZENS, by)


async def refused(tokens: IdentityTokens, token: str, **more: Any) -> str:
    with pytest.raises(TokenRefused) as refusal:
        await identify(tokens, token, **more)
    return reason_of(refusal.value)


def reason_of(error: SmartCityError) -> str:
    (field,) = error.fields
    assert field.path == "id_token"
    return field.reason


async def test_a_genuine_token_names_the_same_person_each_time(
    tokens: IdentityTokens, issuer: LocalIssuer
) -> None:
    first, again, other = [
        await identify(tokens, issuer.token(subject)) for subject in ("lan", "lan", "minh")
    ]
    assert first.digest == again.digest != other.digest
    assert first.assurance is Assurance.DEVICE


def changed(token: str, **claims: Any) -> str:
    header, payload, signature = token.split(".")
    was = json.loads(base64.urlsafe_b64decode(payload + "=="))
    now = base64.urlsafe_b64encode(json.dumps(was | claims).encode()).decode().rstrip("=")
    return f"{header}.{now}.{signature}"


HOUR = 3600


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"aud": "another-app"}, "audience"),
        ({"aud": []}, "not_genuine"),
        ({"without": "aud"}, "not_genuine"),
        ({"iss": "https://evil.example"}, "issuer"),
        ({"exp": int(time.time()) - HOUR}, "expired"),
        ({"exp": "soon"}, "not_genuine"),
        ({"without": "exp"}, "not_genuine"),
        ({"without": "iat"}, "not_genuine"),
        ({"without": "sub"}, "not_genuine"),
        ({"iat": int(time.time()) - 25 * HOUR, "exp": int(time.time()) + HOUR}, "expired"),
        ({"iat": int(time.time()) + HOUR}, "not_yet_valid"),
        ({"nbf": int(time.time()) + HOUR}, "not_yet_valid"),
        ({"aud": [CLIENT, "another-app"]}, "party"),
        ({"aud": [CLIENT, "another-app"], "azp": "another-app"}, "party"),
        ({"azp": "another-app"}, "party"),
        ({"nonce": "of another log-in"}, "nonce"),
        ({"subject": ""}, "subject"),
        ({"subject": "x" * 256}, "subject"),
        ({"header": {"kid": "of nobody"}}, "key"),
    ],
)
async def test_a_token_that_is_not_for_us_or_not_for_now_is_refused(
    tokens: IdentityTokens, issuer: LocalIssuer, claims: dict[str, Any], reason: str
) -> None:
    assert await refused(tokens, issuer.token(**claims)) == reason


async def test_several_audiences_are_fine_when_we_are_who_asked(
    tokens: IdentityTokens, issuer: LocalIssuer
) -> None:
    await identify(tokens, issuer.token(aud=[CLIENT, "another-app"], azp=CLIENT))


async def test_a_nonce_must_be_the_one_that_was_sent(
    tokens: IdentityTokens, issuer: LocalIssuer
) -> None:
    await identify(tokens, issuer.token(nonce="n-1"), nonce="n-1")
    assert await refused(tokens, issuer.token(nonce="n-1"), nonce="n-2") == "nonce"
    assert await refused(tokens, issuer.token(), nonce="n-1") == "nonce"


async def test_clocks_may_differ_by_a_minute(tokens: IdentityTokens, issuer: LocalIssuer) -> None:
    at = int(time.time())
    await identify(tokens, issuer.token(iat=at + 30, nbf=at + 30))
    await identify(tokens, issuer.token(iat=at - HOUR, exp=at - 30))


async def test_nobody_signs_for_the_issuer(tokens: IdentityTokens, issuer: LocalIssuer) -> None:
    forger = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    assert await refused(tokens, issuer.token(key=forger)) == "not_genuine"
    assert await refused(tokens, changed(issuer.token("lan"), sub="mayor")) == "not_genuine"
    assert await refused(tokens, issuer.token(key="", algorithm="none")) == "algorithm"
    for nonsense in ("x", "a.b.c", "." * 3):
        assert await refused(tokens, nonsense) == "form"


async def test_the_public_key_is_no_shared_secret(
    tokens: IdentityTokens, issuer: LocalIssuer
) -> None:
    """The old confusion: HS256 with the public key's own text as its secret (RFC 8725, 2.1)."""

    head = {"alg": "HS256", "typ": "JWT", "kid": issuer.current}
    _, payload, _ = issuer.token().split(".")
    begun = base64.urlsafe_b64encode(json.dumps(head).encode()).decode().rstrip("=")
    signed = f"{begun}.{payload}"
    mac = hmac.digest(issuer.public_pem(), signed.encode(), hashlib.sha256)
    forged = f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
    assert await refused(tokens, forged) == "algorithm"


async def test_a_key_of_another_kind_than_the_token_says_opens_nothing(
    tokens: IdentityTokens, issuer: LocalIssuer
) -> None:
    rsa_key = issuer.published[issuer.current]
    issuer.rotate(elliptic=True)
    assert await refused(tokens, issuer.token(key=rsa_key)) == "not_genuine"


async def test_a_token_is_used_by_one_and_by_nobody_else(
    tokens: IdentityTokens, issuer: LocalIssuer
) -> None:
    token = issuer.token()
    await identify(tokens, token, by=b"phone")
    await identify(tokens, token, by=b"phone")
    with pytest.raises(TokenRefused) as refusal:
        await identify(tokens, token, by=b"thief")
    assert reason_of(refusal.value) == "used"
    at_once = issuer.token()
    tries = [identify(tokens, at_once, by=str(n).encode()) for n in range(8)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(result, TokenRefused) for result in results) == 7


async def test_an_issuer_of_staff_vouches_for_no_citizen(
    database: Database, issuer: LocalIssuer, tmp_path: Path
) -> None:
    tokens = made(database, issuer.configured(tmp_path, **{"for": '"staff"'}))
    assert await refused(tokens, issuer.token()) == "issuer"


@pytest.mark.parametrize(
    ("configured", "claims", "sure"),
    [
        ({}, {}, Assurance.DEVICE),
        ({}, {"phone_number": "+84912345678"}, Assurance.DEVICE),
        ({}, {"phone_number": "+84912345678", "phone_number_verified": "true"}, Assurance.DEVICE),
        ({}, {"phone_number": "+84912345678", "phone_number_verified": True}, Assurance.PHONE),
        ({}, {"phone_number_verified": True}, Assurance.DEVICE),
        ({"phone_verified_claim": '""'}, {"phone_number": "+84912345678"}, Assurance.PHONE),
        ({"verified": "true"}, {}, Assurance.ACCOUNT),
    ],
)
async def test_how_sure_the_city_is_depends_on_the_issuer_and_a_confirmed_number(
    database: Database,
    issuer: LocalIssuer,
    tmp_path: Path,
    configured: dict[str, str],
    claims: dict[str, Any],
    sure: Assurance,
) -> None:
    tokens = made(database, issuer.configured(tmp_path, **configured))
    assert (await identify(tokens, issuer.token(**claims))).assurance is sure


async def test_keys_are_fetched_once_and_remembered(
    tokens: IdentityTokens, issuer: LocalIssuer
) -> None:
    await asyncio.gather(*(identify(tokens, issuer.token(f"citizen-{n}")) for n in range(50)))
    assert issuer.asked == 1
    issuer.down = True
    await identify(tokens, issuer.token())


async def test_a_new_key_is_found_as_soon_as_a_token_names_it(
    database: Database, issuer: LocalIssuer, tmp_path: Path
) -> None:
    tokens = made(database, issuer.configured(tmp_path), again_s=0)
    for elliptic in (False, True, False):
        issuer.rotate(elliptic=elliptic)
        await identify(tokens, issuer.token())


async def test_a_withdrawn_key_opens_nothing_after_the_next_refresh(
    database: Database, issuer: LocalIssuer, tmp_path: Path
) -> None:
    tokens = made(database, issuer.configured(tmp_path), again_s=0)
    old = issuer.token()
    await tokens.refresh()
    issuer.rotate()
    await tokens.refresh()
    assert await refused(tokens, old) == "key"


async def test_a_flood_of_unknown_key_ids_does_not_reach_the_issuer(
    tokens: IdentityTokens, issuer: LocalIssuer
) -> None:
    await identify(tokens, issuer.token())
    flood = [refused(tokens, issuer.token(header={"kid": f"k{n}"})) for n in range(100)]
    assert set(await asyncio.gather(*flood)) == {"key"}
    assert issuer.asked == 1
    await identify(tokens, issuer.token())


async def test_while_the_issuer_is_away_who_needs_its_keys_is_asked_to_come_back(
    database: Database, issuer: LocalIssuer, tmp_path: Path
) -> None:
    tokens = made(database, issuer.configured(tmp_path), again_s=0.2)
    issuer.down = True
    with pytest.raises(Unavailable) as refusal:
        await identify(tokens, issuer.token())
    assert refusal.value.retry_after_s
    issuer.down = False
    await asyncio.sleep(0.2)
    await identify(tokens, issuer.token())


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"[]",
        b'{"keys": {}}',
        b'{"keys": [1]}',
        b'{"keys": [' + b'{"kty": "oct"},' * 30_000 + b"{}]}",
    ],
)
async def test_what_is_no_set_of_keys_is_as_good_as_no_answer(
    tokens: IdentityTokens, issuer: LocalIssuer, answer: bytes
) -> None:
    issuer.answer = answer
    with pytest.raises(Unavailable):
        await identify(tokens, issuer.token())


async def test_keys_that_are_none_of_ours_to_use_are_passed_over(
    tokens: IdentityTokens, issuer: LocalIssuer
) -> None:
    known = json.loads(issuer.jwks())["keys"]
    odd: list[Any] = [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"},
        {**known[0], "use": "enc", "kid": "enc"},
        {"kty": "EC", "crv": "P-9", "kid": "odd"},
        {"kid": "empty"},
    ]
    issuer.answer = json.dumps({"keys": [*odd, *known]}).encode()
    await identify(tokens, issuer.token())
    for key in odd:
        assert await refused(tokens, issuer.token(header={"kid": key["kid"]})) == "key"


async def test_nobody_else_discovers_in_the_issuers_name(
    tokens: IdentityTokens, issuer: LocalIssuer
) -> None:
    issuer.claimed_url = "https://evil.example"
    with pytest.raises(Unavailable):
        await identify(tokens, issuer.token())


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("issuers = 1", "issuers"),
        ('[[issuers]]\nname = "x"', "url"),
        (
            '[[issuers]]\nname = "x"\nurl = "http://a.example"\nfor = "staff"\naudiences = ["a"]',
            "https",
        ),
        (
            '[[issuers]]\nname = "x"\nurl = "https://a.example"\nfor = "staff"\naudiences = ["a"]\n'
            'algorithms = ["HS256"]',
            "HS256",
        ),
        (
            '[[issuers]]\nname = "x"\nurl = "https://a.example"\nfor = "staff"\naudiences = ["a"]\n'
            'algorithms = ["none"]',
            "none",
        ),
        ('[[issuers]]\nname = "x"\nurl = "https://a"\nfor = "machines"\naudiences = ["a"]', "for"),
        ("no toml at all", "oidc_issuers"),
    ],
)
def test_a_mistake_in_the_file_of_issuers_is_told_with_its_place(
    tmp_path: Path, written: str, told: str
) -> None:
    file = tmp_path / "issuers.toml"
    file.write_text(written)
    with pytest.raises(SettingsError, match=told) as refusal:
        load_issuers(str(file))
    assert str(file) in str(refusal.value)


def test_a_file_of_issuers_that_is_not_there_stops_the_start() -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml"):
        load_issuers("nowhere.toml")
