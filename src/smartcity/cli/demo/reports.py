"""Sample reports, as citizens would have sent them over the last days."""

from datetime import datetime, timedelta
from math import pi, sqrt
from typing import Any, Final
from uuid import UUID

import msgspec

from smartcity.city.model import Category, Priority, Publicity, Question, QuestionKind
from smartcity.city.model import Place as PlaceNeed
from smartcity.cli.demo.dice import weighted
from smartcity.cli.demo.lives import LIVES, OF_A_BURST, PHOTOS, Life
from smartcity.cli.demo.scene import Scene
from smartcity.cli.demo.walk import Walk
from smartcity.cli.demo.wording import Spot
from smartcity.errors import OutsideCity
from smartcity.feed.event import Event
from smartcity.identifiers import derived_code, derived_id, digest_of
from smartcity.reports import submission
from smartcity.reports.holding.model import Common
from smartcity.reports.holding.rules import hold
from smartcity.reports.model import Report, Reporter
from smartcity.reports.needs import GIVEN_UP
from smartcity.reports.privacy import searchable
from smartcity.reports.requests import Location, NewReport, SubjectOfComplaint
from smartcity.reports.words import Action

DAYS: Final = 60
HOURS: Final = weighted(
    ((6, 2), (7, 5), (8, 6), (9, 5), (11, 3), (14, 3), (16, 4), (17, 6), (19, 5), (21, 3), (22, 1))
)
"""At which hours people report."""

REPORTERS: Final = 900
SETTLED: Final = timedelta(minutes=10)
"""Nothing is newer: what is made for this moment must not lie in the future."""

BURST: Final = timedelta(hours=1)
"""How long ago the first report of a burst came."""

ALIKE_FOR: Final = timedelta(days=10)
"""How far back a duplicate's original lies, at the most."""

BUSY: Final = 3
"""How much more is reported where sample staff work, and in a ward than in a commune."""


class Made(msgspec.Struct, frozen=True):
    """A report, and the events that it would have published."""

    report: Report
    events: list[Event]


class Reporting:
    """Makes reports, one after the other; later ones may turn out to be duplicates of earlier."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._made: dict[str, list[Report]] = {}
        city, samples = scene.city, scene.samples
        self._categories = weighted([(one.category, one.weight) for one in samples.sample])
        self._pressing = [
            code
            for code in self._categories
            if city.categories[code].priority is Priority.URGENT
            and city.categories[code].public is not Publicity.NEVER
        ]
        smallest = city.units.keys() - {unit.parent for unit in city.units.values()}
        busiest = {city.agencies[agency].unit for agency in samples.agencies}
        kinds = {unit.kind for unit in list(city.units.values())[:1]}
        self._units = weighted(
            [
                (
                    code,
                    (BUSY if city.units[code].kind in kinds else 1)
                    * (BUSY if code in busiest else 1),
                )
                for code in sorted(smallest)
            ]
        )

    def several(self, count: int) -> list[Made]:
        """Reports of the last days, in the order in which they came."""
        moments = sorted(self._moment() for _ in range(count))
        return [
            self.one(f"{number}", moment, self._reporter(), self._scene.dice.one_of(LIVES))
            for number, moment in enumerate(moments)
        ]

    def one(
        self, name: str, at: datetime, reporter: UUID, life: Life, *, pressing: bool = False
    ) -> Made:
        """One report, as far as its life has come by now; what is pressing gets on within days."""
        dice = self._scene.dice
        original = self._original(at) if Action.MERGE in life else None
        if Action.MERGE in life and original is None:
            life = LIVES[0]
        categories = (pressing and self._pressing) or self._categories
        category = original.category if original else dice.one_of(categories)
        report, spot = self._sent(name, at, reporter, category, original)
        walk = Walk(self._scene, report, spot, original)
        walk.go(life)
        self._made.setdefault(report.category, []).append(walk.report)
        return Made(walk.report, walk.events)

    def burst(self) -> list[Made]:
        """The same text from new devices, within minutes: they wait for a dispatcher."""
        scene, dice = self._scene, self._scene.dice
        category = dice.one_of([code for code in self._categories if self._may_wait(code)])
        words = scene.wording.description(category, scene.wording.spot(dice.one_of(self._units)))
        made: list[Made] = []
        for number, life in enumerate(OF_A_BURST):
            at = scene.now - BURST + number * timedelta(minutes=1)
            sender = derived_id(at, f"demo new device {number}".encode())
            report, spot = self._sent(f"burst {number}", at, sender, category, None)
            report = msgspec.structs.replace(
                report,
                description=words,
                folded=searchable(scene.city, words, report.place.address),
            )
            walk = Walk(scene, hold(report, (Common.TEXT,), at), spot, None)
            walk.go(life)
            made.append(Made(walk.report, walk.events))
        return made

    def _may_wait(self, code: str) -> bool:
        category = self._scene.city.categories[code]
        return category.priority is not Priority.URGENT and category.emergency is None

    # --- how it begins ---------------------------------------------------------------------------

    def _sent(
        self, name: str, at: datetime, reporter: UUID, code: str, original: Report | None
    ) -> tuple[Report, Spot]:
        scene, dice = self._scene, self._scene.dice
        category = scene.city.categories[code]
        where = self._point(original)
        unit = scene.places.locate_or_refuse(where.lon, where.lat).unit
        assert unit is not None, "the demo's city has units"
        spot = scene.wording.spot(unit)
        report_id = derived_id(at, f"demo {name}".encode())
        placed = category.place is PlaceNeed.REQUIRED
        photo = [scene.album.take(reporter, report_id, at)] if dice.happens(PHOTOS) else []
        data = NewReport(
            category=code,
            description=scene.wording.description(code, spot),
            location=where if placed else None,
            address=scene.wording.address(spot) if placed and dice.happens(0.7) else None,
            subject=self._subject(category, unit),
            answers={q.code: a for q in category.questions if (a := self._answer(q)) is not None},
            attachments=photo,
        )
        report = submission.new_report(
            data,
            submission.check(data, scene.city),
            submission.place(scene.places, data.location, data.unit, data.address),
            city=scene.city,
            clocks=scene.clocks,
            reporter=Reporter(id=reporter),
            submission=(digest_of(b"demo", name.encode()), b""),
            at=at,
        )
        code = derived_code(scene.secret, report_id)
        return msgspec.structs.replace(report, id=report_id, code=code), spot

    def _point(self, original: Report | None) -> Location:
        """Somewhere in a unit; beside the original, for a duplicate."""
        city, dice = self._scene.city, self._scene.dice
        if original is not None and original.place.lon and original.place.lat:
            lon, lat, reach = original.place.lon, original.place.lat, 0.0003
        else:
            unit = city.units[dice.one_of(self._units)]
            lon, lat, reach = unit.lon, unit.lat, sqrt((unit.area_km2 or 1) / pi) / 111 * 0.6
        there = Location(
            lon=round(lon + dice.spread() * reach, 6),
            lat=round(lat + dice.spread() * reach, 6),
            accuracy_m=round(dice.between(4, 30)),
        )
        try:
            self._scene.places.locate_or_refuse(there.lon, there.lat)
        except OutsideCity:
            return Location(lon=lon, lat=lat, accuracy_m=there.accuracy_m)
        return there

    def _subject(self, category: Category, unit: str) -> SubjectOfComplaint | None:
        if category.place is not PlaceNeed.SUBJECT:
            return None
        own = self._scene.city.own_agency(unit)
        return SubjectOfComplaint(agency=own.code if own else self._scene.city.dispatch)

    def _answer(self, question: Question) -> Any:
        dice = self._scene.dice
        match question.kind:
            case QuestionKind.CHOICE:
                return dice.one_of(sorted(question.choices))
            case QuestionKind.BOOLEAN:
                return dice.happens(0.4)
            case QuestionKind.NUMBER:
                return round(dice.between(1, 4))
            case QuestionKind.TEXT:
                return None

    def _original(self, at: datetime) -> Report | None:
        """An earlier report that a new one may repeat."""
        recent = [
            report
            for reports in self._made.values()
            for report in reports[-5:]
            if report.place.lon is not None
            and report.status not in GIVEN_UP
            and at - ALIKE_FOR < report.submitted_at < at
        ]
        return self._scene.dice.one_of(recent) if recent else None

    def _moment(self) -> datetime:
        dice, now = self._scene.dice, self._scene.now
        day = self._scene.city.local(now - timedelta(days=dice.between(0, DAYS)))
        moment = day.replace(hour=dice.one_of(HOURS))
        if moment < now - SETTLED:
            return moment.astimezone(now.tzinfo)
        return now - timedelta(hours=dice.between(0.2, 12))

    def _reporter(self) -> UUID:
        number = int(self._scene.dice.between(0, REPORTERS))
        begun = self._scene.now - timedelta(days=DAYS + number % DAYS)
        return derived_id(begun, f"demo reporter {number}".encode())
