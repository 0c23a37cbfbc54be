"""An identity provider of the tests: discovery and keys over HTTP, tokens as one asks for them."""

import json
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

CLIENT: Final = "smartcity-app"

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class LocalIssuer:
    """`published` are the private keys whose public halves it shows. `asked` counts requests for
    them; while it is `down` it answers 503.
    """

    def __init__(self) -> None:
        self.url = ""
        self.published: dict[str, PrivateKey] = {}
        self.current = ""
        self.asked = 0
        self.down = False
        self.answer: bytes | None = None
        self.claimed_url: str | None = None

    def rotate(self, *, elliptic: bool = False, keep: bool = False) -> None:
        """Sign with a new key from now on, and withdraw the old ones or not."""
        if not keep:
            self.published.clear()
        self.current = uuid4().hex
        self.published[self.current] = (
            ec.generate_private_key(ec.SECP256R1())
            if elliptic
            else rsa.generate_private_key(public_exponent=65_537, key_size=2048)
        )

    def token(
        self,
        subject: str = "citizen-1",
        *,
        header: Mapping[str, Any] | None = None,
        key: Any = None,
        algorithm: str | None = None,
        without: str | None = None,
        **claims: Any,
    ) -> str:
        """A token that is right in all that is not said otherwise."""
        at = int(time.time())
        right: dict[str, Any] = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": subject,
            "iat": at,
            "exp": at + 3600,
            "jti": uuid4().hex,
        }
        given = {name: v for name, v in (right | claims).items() if name != without}
        private = self.published[self.current] if key is None else key
        usual = "ES256" if isinstance(private, ec.EllipticCurvePrivateKey) else "RS256"
        headers = {"kid": self.current} | dict(header or {})
        return jwt.encode(given, private, algorithm or usual, headers=headers)

    def public_pem(self) -> bytes:
        """The current public key as text, as all the world may have it."""
        public = self.published[self.current].public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def jwks(self) -> bytes:
        if self.answer is not None:
            return self.answer
        keys = [_public(name, key) for name, key in self.published.items()]
        return json.dumps({"keys": keys}).encode()

    async def discovery(self, _request: web.Request) -> web.Response:
        found = {"issuer": self.claimed_url or self.url, "jwks_uri": f"{self.url}/keys"}
        return web.Response(status=503) if self.down else web.json_response(found)

    async def keys(self, _request: web.Request) -> web.Response:
        self.asked += 1
        if self.down:
            return web.Response(status=503)
        return web.Response(body=self.jwks(), content_type="application/json")

    def configured(self, folder: Path, name: str = "city-id", **more: str) -> str:
        """A file that names this issuer, for the setting `oidc_issuers`. `more` is TOML."""
        lines = {"for": '"citizens"', "audiences": f'["{CLIENT}"]'} | more
        written = "\n".join(f"{key} = {value}" for key, value in lines.items())
        file = folder / f"{name}.toml"
        file.write_text(f'[[issuers]]\nname = "{name}"\nurl = "{self.url}"\n{written}\n')
        return str(file)


@asynccontextmanager
async def local_issuer() -> AsyncGenerator[LocalIssuer]:
    """One that listens on a port of this machine, with one RSA key."""
    issuer = LocalIssuer()
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", issuer.discovery)
    app.router.add_get("/keys", issuer.keys)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    issuer.url = f"http://{host}:{port}"
    issuer.rotate()
    yield issuer
    await runner.cleanup()


def _public(name: str, key: PrivateKey) -> dict[str, Any]:
    shown: dict[str, Any] = (
        RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        if isinstance(key, rsa.RSAPrivateKey)
        else ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    )
    return shown | {"kid": name, "use": "sig"}
