"""How personal data lies in the database: each text encrypted by itself.

AES-256-GCM (NIST SP 800-38D). What is kept is the key's id, a random nonce, the ciphertext and its
tag, so that a later key can take over while old texts are still read. The texts of one person lie
under a key of their own (`persons`), which lies here.
"""

import os
from collections.abc import Sequence
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES: Final = 32
KEY_ID_BYTES: Final = 4
NONCE_BYTES: Final = 12


class Keys(Protocol):
    """The installation's keys, the newest first."""

    def __call__(self, *, again: bool = False) -> Sequence[bytes]:
        """The same object while nothing has changed, so that it can be asked for every text; what
        has changed lately is sure to be seen only when it is looked for `again`.
        """
        ...


class UnreadableError(Exception):
    """Written under a key that is not there, or changed since."""


class PersonalData:
    """Encrypts small texts under the newest of the installation's keys.

    `secret` is the installation's: the key that is derived from it (HKDF, RFC 5869) is the oldest,
    and the only one where there are no `keys`.
    """

    def __init__(self, secret: bytes, keys: Keys | None = None) -> None:
        self._first = derived(secret, b"personal data")
        self._first_id = derived(secret, b"personal data: key id")[:KEY_ID_BYTES]
        self._keys = keys or _no_keys
        self._seen: Sequence[bytes] | None = None
        self._ciphers: dict[bytes, AESGCM] = {}

    def encrypt(self, text: str) -> bytes:
        """The text as it may be kept; never the same bytes twice."""
        key_id, cipher = next(iter(self._known().items()))
        return key_id + sealed(cipher, text)

    def decrypt(self, kept: bytes) -> str:
        """What `encrypt` was given. Raises `UnreadableError`."""
        key_id = kept[:KEY_ID_BYTES]
        cipher = self._known().get(key_id) or self._known(again=True).get(key_id)
        if cipher is None:
            raise UnreadableError("written under another key")
        return opened(cipher, kept[KEY_ID_BYTES:])

    def renewed(self, kept: bytes) -> bytes | None:
        """The same text under the newest key; none if it lies under that already, or under a key
        that is not the installation's but a person's.
        """
        key_id = kept[:KEY_ID_BYTES]
        if key_id == self.newest or key_id not in self._known():
            return None
        return self.encrypt(self.decrypt(kept))

    @property
    def newest(self) -> bytes:
        """The id of the key that is written under now."""
        return next(iter(self._known()))

    @property
    def count(self) -> int:
        """How many keys are read with."""
        return len(self._known())

    def _known(self, *, again: bool = False) -> dict[bytes, AESGCM]:
        keys = self._keys(again=again)
        if keys is not self._seen:
            ciphers = {id_of(key): AESGCM(key) for key in keys}
            self._ciphers = ciphers | {self._first_id: AESGCM(self._first)}
            self._seen = keys
        return self._ciphers


def sealed(cipher: AESGCM, text: str, bound_to: bytes | None = None) -> bytes:
    """A nonce and the ciphertext, which is opened with the same `bound_to` only."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, text.encode(), bound_to)


def opened(cipher: AESGCM, kept: bytes, bound_to: bytes | None = None) -> str:
    """What was sealed. Raises `UnreadableError`."""
    try:
        return cipher.decrypt(kept[:NONCE_BYTES], kept[NONCE_BYTES:], bound_to).decode()
    except InvalidTag as error:
        raise UnreadableError("changed since it was written") from error


def id_of(key: bytes) -> bytes:
    """What tells under which key a text lies, and nothing about the key."""
    return derived(key, b"personal data: key id")[:KEY_ID_BYTES]


def derived(key: bytes, purpose: bytes) -> bytes:
    """A key for one purpose alone."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"smartcity " + purpose).derive(key)


def _no_keys(*, again: bool = False) -> Sequence[bytes]:
    """Nothing but what the secret gives, however often one looks."""
    del again
    return ()
