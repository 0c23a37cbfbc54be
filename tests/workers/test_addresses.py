"""A report that came as a point gets the address of that point, once and without haste."""

import msgspec
import pytest

from smartcity.city.model import City
from smartcity.errors import Unavailable
from smartcity.feed.event import Published
from smartcity.geography.geocoding import Address
from smartcity.reports.deadlines import Clocks
from smartcity.reports.events import event
from smartcity.reports.holding.model import Common
from smartcity.reports.holding.rules import hold
from smartcity.reports.model import Report
from smartcity.reports.requests import Step
from smartcity.reports.steps import take
from smartcity.reports.store import ReportStore
from smartcity.reports.words import Action, Party
from smartcity.storage.mongo import Database
from tests.unit.reports_made import among, make_report
from workers.addresses import AddressFinder

pytestmark = pytest.mark.anyio


class Street:
    """A geocoder that knows one street, or is away."""

    def __init__(self, *, away: bool = False) -> None:
        self.asked = 0
        self._away = away

    async def reverse(self, lon: float, lat: float, language: str) -> str | None:
        self.asked += 1
        if self._away:
            raise Unavailable
        return f"{lat:.2f} phố Tràng Tiền ({language})"

    async def search(self, text: str, language: str) -> list[Address]:
        return []


def told(report: Report) -> list[Published]:
    return [Published(seq=1, epoch="E", event=event(report, report.timeline[0]))]


async def test_a_new_report_gets_the_address_of_its_point(database: Database, hanoi: City) -> None:
    reports, street, report = ReportStore(database), Street(), make_report(hanoi)
    await reports.insert(report, [])
    finder = AddressFinder(hanoi, reports, street)
    await finder.handle(told(report))
    await finder.handle(told(report))
    kept = await reports.find(report.id)
    assert kept is not None
    assert kept.place.address == "21.03 phố Tràng Tiền (vi)"
    assert (kept.version, street.asked) == (report.version, 1)


async def test_an_address_that_the_citizen_gave_stays(database: Database, hanoi: City) -> None:
    report = make_report(hanoi)
    place = msgspec.structs.replace(report.place, address="Trước cổng trường")
    report = msgspec.structs.replace(report, place=place)
    reports, street = ReportStore(database), Street()
    await reports.insert(report, [])
    await AddressFinder(hanoi, reports, street).handle(told(report))
    assert street.asked == 0


async def test_a_held_report_gets_its_address_when_it_is_released(
    database: Database, hanoi: City
) -> None:
    reports, street, submitted = ReportStore(database), Street(), make_report(hanoi)
    held = hold(submitted, (Common.TEXT,), submitted.submitted_at)
    await reports.insert(held, [])
    finder = AddressFinder(hanoi, reports, street)
    await finder.handle(told(held))
    assert street.asked == 0
    around = among(hanoi, Clocks(hanoi), Party.DISPATCHER, at=held.submitted_at)
    taken = take(held, Step(action=Action.RELEASE), around)
    assert await reports.advance(held, taken.report, [taken.entry], []) is not None
    await finder.handle([Published(seq=2, epoch="E", event=event(taken.report, taken.entry))])
    kept = await reports.find(held.id)
    assert kept is not None
    assert kept.place.address == "21.03 phố Tràng Tiền (vi)"


async def test_while_the_service_is_away_the_report_waits(database: Database, hanoi: City) -> None:
    reports, report = ReportStore(database), make_report(hanoi)
    await reports.insert(report, [])
    with pytest.raises(Unavailable):
        await AddressFinder(hanoi, reports, Street(away=True)).handle(told(report))
