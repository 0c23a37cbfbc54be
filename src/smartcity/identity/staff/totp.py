"""One-time codes (RFC 6238): six digits, a new one every thirty seconds."""

from datetime import datetime
from typing import Final

from pyotp.exceptions import OTPVerificationError
from pyotp.totp import TOTP

NEIGHBOURS: Final = 1
"""Steps before and after the present one whose code is taken too, for slow clocks and people."""


def is_secret(text: str) -> bool:
    """Whether it is base 32, of 112 bits at the least."""
    try:
        TOTP(text)
    except ValueError:
        return False
    return True


def step_of(secret: str, code: str, at: datetime) -> int | None:
    """The time step whose code this is, if it is one that is taken."""
    try:
        return TOTP(secret).verify_and_get_timecode(code, for_time=at, valid_window=NEIGHBOURS)
    except OTPVerificationError:
        return None
