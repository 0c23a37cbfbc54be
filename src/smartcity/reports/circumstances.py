"""What a step is taken in."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec

from smartcity.city.model import City
from smartcity.reports.deadlines import Clocks
from smartcity.reports.model import Place, Report
from smartcity.reports.timeline import By
from smartcity.reports.words import Party


class Circumstances(msgspec.Struct, frozen=True, kw_only=True):
    """What a step is taken in: the city, who takes it, when, and what it was found to refer to."""

    city: City
    clocks: Clocks
    by: By
    parties: Collection[Party]
    at: datetime
    agencies: Collection[str] = ()
    """Those that whoever takes it acts for."""
    place: Place | None = None
    """The corrected place, located."""
    survivor: Report | None = None
    """The report to merge into."""
    photos: Collection[UUID] = ()
    """Those of the report's attachments that are photos, where something is to be hidden of one."""
    arrived: Collection[UUID] = ()
    """Those of the step's attachments that have arrived and been accepted."""
