"""The figures: what each counts. Names and meanings stand in the messages, under `figures`."""

from collections.abc import Callable
from typing import ClassVar, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from smartcity.statistics.facts import Facts, Mask

Which = Callable[[Facts], Mask]


class Count(msgspec.Struct, frozen=True):
    """How many."""

    code: str
    of: Which
    measure: ClassVar[str] = "reports"


class Share(msgspec.Struct, frozen=True):
    """How many of some, from 0 to 1."""

    code: str
    of: Which
    among: Which
    measure: ClassVar[str] = "share"


class Median(msgspec.Struct, frozen=True):
    """As much as half of some take."""

    code: str
    value: Callable[[Facts], NDArray[np.float64]]
    among: Which
    measure: ClassVar[str] = "hours"


Figure = Count | Share | Median

FIGURES: Final[tuple[Figure, ...]] = (
    # --- now ------------------------------------------------------------------------------------
    Count("open", lambda reports: reports.open),
    Count("submitted", lambda reports: reports.status("submitted")),
    Count("received", lambda reports: reports.status("received")),
    Count("in_progress", lambda reports: reports.status("in_progress")),
    Count("waiting", lambda reports: reports.status("waiting")),
    Count("overdue", lambda reports: reports.overdue),
    Count("at_risk", lambda reports: reports.at_risk),
    # --- in the period --------------------------------------------------------------------------
    Count("arrived", lambda reports: reports.arrived),
    Count("resolved", lambda reports: reports.finished & reports.status("resolved")),
    Count("rejected", lambda reports: reports.finished & reports.status("rejected")),
    Count("closed", lambda reports: reports.finished & reports.status("closed")),
    Share(
        "received_on_time",
        of=lambda reports: reports.received_in_time,
        among=lambda reports: reports.received,
    ),
    Share(
        "finished_on_time",
        of=lambda reports: reports.finished_in_time,
        among=lambda reports: reports.finished,
    ),
    Median(
        "hours_to_resolve",
        value=lambda reports: reports.hours,
        among=lambda reports: reports.answered,
    ),
)
