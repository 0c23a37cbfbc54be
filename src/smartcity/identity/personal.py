"""How personal data lies in the database: each text encrypted by itself.

AES-256-GCM (NIST SP 800-38D) under a key derived from the installation's secret by HKDF
(RFC 5869). What is kept is the key's id, a random nonce, the ciphertext and its tag, so that a
later key can take over while old texts are still read.
"""

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_ID_BYTES: Final = 4
NONCE_BYTES: Final = 12


class UnreadableError(Exception):
    """Written under another secret, or changed since."""


class PersonalData:
    """Encrypts small texts about one person. `key` is the installation's secret."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(_derived(key, b"personal data"))
        self._key_id = _derived(key, b"personal data: key id")[:KEY_ID_BYTES]

    def encrypt(self, text: str) -> bytes:
        """The text as it may be kept; never the same bytes twice."""
        nonce = os.urandom(NONCE_BYTES)
        return self._key_id + nonce + self._cipher.encrypt(nonce, text.encode(), None)

    def decrypt(self, kept: bytes) -> str:
        """What `encrypt` was given. Raises `UnreadableError`."""
        key_id, rest = kept[:KEY_ID_BYTES], kept[KEY_ID_BYTES:]
        if key_id != self._key_id:
            raise UnreadableError("written under another key")
        try:
            text = self._cipher.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], None)
        except InvalidTag as error:
            raise UnreadableError("changed since it was written") from error
        return text.decode()


def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"smartcity " + purpose).derive(key)
