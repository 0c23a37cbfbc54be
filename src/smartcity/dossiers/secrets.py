"""The second factor of a look-up. Codes can be guessed, so a code alone opens nothing.

The secret is printed on the receipt, or it is the last digits of the applicant's phone or citizen
number. Kept is a keyed hash (BLAKE2b, RFC 7693): whoever has the database without the
installation's key cannot try them out. It is fast because millions are taken in at once; that few
can be tried is the work of the limit on attempts.
"""

import hmac
from hashlib import blake2b
from typing import Final

LENGTH: Final = 16
NOTHING: Final = bytes(LENGTH)


class DossierSecrets:
    """Hashes and compares secrets. `key` is the installation's."""

    def __init__(self, key: bytes) -> None:
        own_key = hmac.digest(key, b"dossier secrets", "sha256")
        self._keyed = blake2b(key=own_key, digest_size=LENGTH)

    def hash(self, code: str, secret: str) -> bytes:
        """What is kept of the secret of one dossier; case, spaces and dashes do not count."""
        typed = secret.upper().replace(" ", "").replace("-", "")
        keyed = self._keyed.copy()
        keyed.update(f"{code}\0{typed}".encode())
        return keyed.digest()

    def opens(self, code: str, secret: str, kept: bytes | None) -> bool:
        """Whether a secret is the one kept; as slow for a dossier that does not exist (`None`)."""
        same = hmac.compare_digest(self.hash(code, secret), kept or NOTHING)
        return same and kept is not None
