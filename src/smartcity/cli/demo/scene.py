"""What sample reports are made of, and in."""

from datetime import datetime

import msgspec

from smartcity.calendar.working_time import WorkingTime
from smartcity.city.model import City
from smartcity.cli.demo.dice import Dice
from smartcity.cli.demo.people import Team
from smartcity.cli.demo.photos import Album
from smartcity.cli.demo.samples import Samples
from smartcity.cli.demo.wording import Wording
from smartcity.reports.deadlines import Clocks
from smartcity.reports.submission import Places


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """`now` is the moment that everything is made for."""

    city: City
    samples: Samples
    places: Places
    clocks: Clocks
    times: dict[str, WorkingTime]
    team: Team
    wording: Wording
    album: Album
    dice: Dice
    secret: bytes
    now: datetime
