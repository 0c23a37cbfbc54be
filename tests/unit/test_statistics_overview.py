"""Who sees which figures, under what names."""

from datetime import UTC, datetime, timedelta

import pytest

from smartcity.city.messages import FIGURES as FIGURES_WITH_TEXTS
from smartcity.city.model import Category, City, Publicity
from smartcity.map.model import Pin
from smartcity.map.pins import PinIndex
from smartcity.reports.model import OPEN as OPEN_REPORTS
from smartcity.statistics.definitions import FIGURES, PARTS_OF_OPEN
from smartcity.statistics.facts import OPEN
from smartcity.statistics.model import By, Overview
from smartcity.statistics.service import FRESH, StatisticsService
from tests.unit.map_pins import Given, a_pin
from tests.unit.small_cities import small_city, unit

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 3, tzinfo=UTC)


def category(code: str, public: Publicity = Publicity.ON_RECEIPT) -> Category:
    return Category(code=code, field="f", name={"en": code.title()}, icon="dot", public=public)


CITY = small_city(
    units=[unit("00004", 0.5, 0.5, name="Old Town")],
    categories={
        "potholes": category("potholes"),
        "health": category("health", Publicity.NEVER),
    },
)


class Day:
    """The time, as a test sets it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def service(*pins: Pin, now: Day | None = None) -> StatisticsService:
    index = PinIndex(Given())
    index.put(pins)
    return StatisticsService(CITY, index, now or Day())


def sick(number: int, status: str = "received") -> Pin:
    return a_pin(number, category="health", field="f", public=False, status=status)


def told(overview: Overview, code: str | None, figure: str) -> tuple[float | None, bool]:
    row = next(row for row in overview.items if row.code == code)
    return row.figures[figure].value, row.figures[figure].suppressed


async def test_staff_see_every_report_and_the_public_not_those_of_never_public_categories() -> None:
    figures = service(a_pin(1), a_pin(2), sick(3))
    staff = await figures.overview(By.UNIT, 30, "en", whole=True)
    public = await figures.overview(By.UNIT, 30, "en", whole=False)
    assert told(staff, "00004", "open") == (3, False)
    assert told(public, "00004", "open") == (2, False)
    assert (staff.total.figures["open"].value, public.total.figures["open"].value) == (3, 2)


async def test_the_public_sees_no_figure_about_fewer_than_five_of_never_public_reports() -> None:
    many = [sick(number, "in_progress") for number in range(1, 10)]
    figures = service(a_pin(100), *many, sick(50))
    public = await figures.overview(By.CATEGORY, 30, "en", whole=False)
    assert told(public, "health", "open") == (10, False)
    assert told(public, "health", "received") == (None, True)
    assert told(public, "health", "in_progress") == (None, True)  # else 10 - 9 would tell
    assert told(public, "potholes", "received") == (1, False)
    staff = await figures.overview(By.CATEGORY, 30, "en", whole=True)
    assert told(staff, "health", "received") == (1, False)


async def test_what_nobody_says_about_is_not_public() -> None:
    figures = service(a_pin(1), a_pin(2, category="forgotten"))
    public = await figures.overview(By.CATEGORY, 30, "en", whole=False)
    assert [row.code for row in public.items] == ["potholes"]


async def test_rows_have_the_names_of_the_city() -> None:
    overview = await service(a_pin(1), a_pin(2, unit="99")).overview(By.UNIT, 30, "en", whole=True)
    assert [(row.code, row.name) for row in overview.items] == [("00004", "Old Town"), ("99", None)]


async def test_an_overview_of_no_reports_has_a_total_of_nothing() -> None:
    for by in By:
        overview = await service().overview(by, 1, "en", whole=False)
        assert overview.items == []
        assert overview.total.figures["open"].value == 0
        assert overview.total.figures["hours_to_resolve"].value is None


async def test_an_overview_is_at_most_some_seconds_old() -> None:
    index, day = PinIndex(Given()), Day()
    figures = StatisticsService(CITY, index, day)
    await figures.overview(By.AGENCY, 30, "en", whole=True)
    index.put([a_pin()])
    day.now += FRESH
    kept = await figures.overview(By.AGENCY, 30, "en", whole=True)
    assert (kept.items, kept.as_of) == ([], NOW)
    day.now += timedelta(seconds=1)
    assert (await figures.overview(By.AGENCY, 30, "en", whole=True)).items


async def test_every_figure_is_explained_in_the_languages_of_the_city(hanoi: City) -> None:
    figures = StatisticsService(hanoi, PinIndex(Given()))
    for language in hanoi.languages:
        definitions = figures.definitions(language).items
        assert [d.code for d in definitions] == [figure.code for figure in FIGURES]
        assert all(d.name and d.meaning for d in definitions)


def test_the_words_of_the_figures_are_those_of_the_lifecycle_and_of_the_messages() -> None:
    assert OPEN == PARTS_OF_OPEN == OPEN_REPORTS
    assert [figure.code for figure in FIGURES] == list(FIGURES_WITH_TEXTS)
