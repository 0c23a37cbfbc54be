"""How a receiver knows that a message is the city's and is not an old one sent again.

HMAC-SHA256 over the message's id, its time and its body, as Standard Webhooks has it.
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from typing import Final
from uuid import UUID

PREFIX: Final = "whsec_"


def secret_of(key: bytes, webhook: UUID, generation: int) -> bytes:
    """The secret that a webhook shares with its receiver: derived from the installation's, so that
    there is nothing to keep.
    """
    name = b"webhook" + webhook.bytes + generation.to_bytes(4)
    return hmac.digest(key, name, "sha256")


def written(secret: bytes) -> str:
    """The secret as receivers' libraries read it."""
    return PREFIX + b64encode(secret).decode()


def signed(secret: bytes, message: str, at_s: int, body: bytes) -> Mapping[str, str]:
    """The headers of a message, sent at a Unix time. A receiver refuses what is minutes old."""
    content = f"{message}.{at_s}.".encode() + body
    signature = b64encode(hmac.digest(secret, content, "sha256")).decode()
    return {
        "webhook-id": message,
        "webhook-timestamp": str(at_s),
        "webhook-signature": f"v1,{signature}",
    }
