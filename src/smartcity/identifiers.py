"""Names for things: ids, codes that people read aloud, secrets and their hashes."""

import hashlib
import hmac
import secrets
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

READABLE = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Digits and letters that survive a telephone call: no 0/O, 1/I/L."""

CODE_LENGTH = 11
"""31 ** 11 is 54 random bits: codes cannot be guessed."""

SECRET_LENGTH = 6
"""Short enough to read aloud; attempts at one are counted."""


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): sorts by the time it was made."""
    return uuid7()


def keyed_id(digest: bytes) -> UUID:
    """The id that stands for a keyed digest, of version 4: the same person always gets it, and
    whoever lacks the key learns nothing from it.
    """
    return UUID(bytes=digest[:16], version=4)


def is_keyed(name: UUID) -> bool:
    """Whether an id stands for a keyed digest; all others are new each time."""
    return name.version == 4


def earliest_id(moment: datetime) -> UUID:
    """The smallest UUIDv7 of a moment: ids from then on are not below it."""
    return _version_7(moment, bytes(10))


def derived_id(moment: datetime, name: bytes) -> UUID:
    """The UUIDv7 that a thing of another system always gets: its time, and bits from its name."""
    return _version_7(moment, hashlib.blake2b(name, digest_size=10).digest())


def _version_7(moment: datetime, bits: bytes) -> UUID:
    milliseconds = max(0, int(moment.timestamp() * 1000))
    number = int.from_bytes(milliseconds.to_bytes(6) + bits)
    number = number & ~(0xF << 76) | 7 << 76
    return UUID(int=number & ~(0b11 << 62) | 0b10 << 62)


def new_code() -> str:
    """A fresh report code, written in groups: `K7M2-9QXR-4TB`."""
    return grouped("".join(secrets.choice(READABLE) for _ in range(CODE_LENGTH)))


def derived_code(key: bytes, report: UUID) -> str:
    """The code that an imported report always gets; whoever lacks the key cannot guess it."""
    digest = hmac.digest(key, b"report code" + report.bytes, "sha256")
    return grouped(readable(digest, CODE_LENGTH))


def grouped(typed: str) -> str:
    """A code as it is written, whatever case, spaces and dashes it was typed with."""
    letters = "".join(letter for letter in typed.upper() if letter.isalnum())
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def is_code(typed: str) -> bool:
    """Whether it could be a code, whatever case, spaces and dashes it was typed with."""
    letters = typed.upper().replace(" ", "").replace("-", "")
    return len(letters) == CODE_LENGTH and set(letters) <= set(READABLE)


def readable(digest: bytes, length: int) -> str:
    """The first `length` readable letters of a digest of at least 16 bytes."""
    number = int.from_bytes(digest)
    letters: list[str] = []
    for _ in range(length):
        number, rest = divmod(number, len(READABLE))
        letters.append(READABLE[rest])
    return "".join(letters)


def receipt_secret(key: bytes, report: UUID) -> str:
    """The secret on a report's receipt: derived, so that a replayed submission returns the same."""
    return readable(hmac.digest(key, b"receipt" + report.bytes, "sha256"), SECRET_LENGTH)


def same_secret(given: str, true: str) -> bool:
    """Compare as people type (case, spaces, dashes do not count), in constant time."""
    typed = given.upper().replace(" ", "").replace("-", "")
    return hmac.compare_digest(typed.encode(), true.encode())


def new_token(prefix: str) -> str:
    """An opaque bearer token of 256 random bits; `prefix` says what it opens (`d_`, `s_`, `k_`)."""
    return prefix + secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What is kept of a token: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def digest_of(*parts: bytes) -> bytes:
    """Sixteen bytes that name these parts, each of them with its own length."""
    blake = hashlib.blake2b(digest_size=16)
    for part in parts:
        blake.update(len(part).to_bytes(4))
        blake.update(part)
    return blake.digest()
