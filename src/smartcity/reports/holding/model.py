"""Why and since when a report is held."""

from datetime import datetime
from enum import StrEnum

from smartcity.reports.document import Struct


class Common(StrEnum):
    """What a report has in common with too many others from new devices."""

    ADDRESS = "address"
    TEXT = "text"


class Hold(Struct, frozen=True, kw_only=True):
    """Since when a report has been held, and why."""

    at: datetime
    common: tuple[Common, ...]
