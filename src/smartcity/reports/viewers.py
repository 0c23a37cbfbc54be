"""Through whose eyes a report is seen."""

from enum import StrEnum
from typing import Final


class Viewer(StrEnum):
    """Through whose eyes."""

    PUBLIC = "public"
    REPORTER = "reporter"
    STAFF = "staff"  # who handles it
    OBSERVER = "observer"  # staff whom it does not concern: all but personal data


OFFICIALS: Final = frozenset({Viewer.STAFF, Viewer.OBSERVER})
MASKED: Final = frozenset({Viewer.PUBLIC, Viewer.OBSERVER})
"""Who sees no phone and identity numbers in a text."""
