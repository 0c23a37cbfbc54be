"""Binds entries to one another: a mac covers its entry and, through the mac before, all before it.

HMAC-SHA256 (RFC 2104) under a key derived from the installation's secret by HKDF (RFC 5869).
Whoever can write to the database but does not know the secret can forge no entry. Whoever knows it
can write the whole chain anew, but not to an end that was published before: see `heads`.
"""

import hmac
from collections.abc import Sequence

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from smartcity.audit.model import AuditEntry

_ENCODER = msgspec.json.Encoder(order="deterministic")


class Chain:
    """`key` is the installation's secret. Another secret is another chain."""

    def __init__(self, key: bytes) -> None:
        derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"smartcity audit chain")
        self._key = derivation.derive(key)

    def link(self, mac: bytes, entries: Sequence[AuditEntry]) -> list[AuditEntry]:
        """These entries, bound to the one with this mac and each to the one before it."""
        linked: list[AuditEntry] = []
        for entry in entries:
            mac = self.mac(mac, entry)
            linked.append(msgspec.structs.replace(entry, mac=mac))
        return linked

    def mac(self, before: bytes, entry: AuditEntry) -> bytes:
        """What the mac of an entry behind that one must be; its own is not looked at."""
        content = _ENCODER.encode(msgspec.structs.replace(entry, mac=b""))
        return hmac.digest(self._key, before + content, "sha256")
