"""The second factor of a look-up. Codes can be guessed, so a code alone opens nothing.

The secret is printed on the receipt, or it is the last digits of the applicant's phone or citizen
number. Kept is a keyed hash: whoever has the database without the installation's key cannot try
them out. It is fast because millions are taken in at once; that few can be tried is the work of the
limit on attempts.
"""

import hmac
from typing import Final

_LENGTH: Final = 16
_NOTHING: Final = bytes(_LENGTH)


def secret_hash(key: bytes, code: str, secret: str) -> bytes:
    """What is kept of the secret of one dossier; case, spaces and dashes do not count."""
    typed = secret.upper().replace(" ", "").replace("-", "")
    return hmac.digest(key, f"dossier\0{code}\0{typed}".encode(), "sha256")[:_LENGTH]


def opens(key: bytes, code: str, secret: str, kept: bytes | None) -> bool:
    """Whether a secret is the one kept; as slow for a dossier that does not exist (`None`)."""
    same = hmac.compare_digest(secret_hash(key, code, secret), kept or _NOTHING)
    return same and kept is not None
