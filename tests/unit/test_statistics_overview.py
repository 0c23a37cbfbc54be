"""Who sees which figures, under what names."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from smartcity.city.messages import FIGURES as FIGURES_WITH_TEXTS
from smartcity.city.model import Category, City, Publicity
from smartcity.errors import Invalid
from smartcity.map.model import Pin
from smartcity.map.pins import PinIndex
from smartcity.reports.words import OPEN as OPEN_REPORTS
from smartcity.statistics.counts import whole_month
from smartcity.statistics.definitions import FIGURES
from smartcity.statistics.facts import OPEN
from smartcity.statistics.model import By, Overview
from smartcity.statistics.service import FRESH, StatisticsService
from tests.unit.map_pins import Given, a_pin
from tests.unit.small_cities import small_city, unit

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 3, tzinfo=UTC)


def category(
    code: str, public: Publicity = Publicity.ON_RECEIPT, *, counts: bool = False
) -> Category:
    name = {"en": code.title()}
    return Category(code=code, field="f", name=name, icon="dot", public=public, counts=counts)


CITY = small_city(
    units=[unit("00004", 0.5, 0.5, name="Old Town")],
    categories={
        "potholes": category("potholes"),
        "health": category("health", Publicity.NEVER, counts=True),
        "crime": category("crime", Publicity.NEVER),
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


def sick(number: int, status: str = "received", **given: Any) -> Pin:
    return a_pin(number, category="health", field="f", public=False, status=status, **given)


def told(overview: Overview, code: str | None, figure: str) -> float | None:
    row = next(row for row in overview.items if row.code == code)
    return row.figures[figure].value


async def test_staff_see_every_report_and_the_public_not_those_of_never_public_categories() -> None:
    figures = service(a_pin(1), a_pin(2), sick(3))
    staff = await figures.overview(By.UNIT, 30, "en", whole=True)
    public = await figures.overview(By.UNIT, 30, "en", whole=False)
    assert told(staff, "00004", "open") == 3
    assert told(public, "00004", "open") == 2
    assert (staff.total.figures["open"].value, public.total.figures["open"].value) == (3, 2)


async def test_no_public_figure_tells_of_never_public_reports_however_many_there_are() -> None:
    figures = service(a_pin(100), *(sick(number) for number in range(1, 20)))
    for by in By:
        public = await figures.overview(by, 30, "en", whole=False)
        assert public.total.figures["open"].value == 1
        assert [row.figures["arrived"].value for row in public.items] == [1], by
    assert "health" not in {
        row.code for row in (await figures.overview(By.CATEGORY, 30, "en", whole=False)).items
    }
    staff = await figures.overview(By.CATEGORY, 30, "en", whole=True)
    assert told(staff, "health", "received") == 19


async def test_the_publics_figures_leave_out_each_report_that_is_not_public() -> None:
    figures = service(a_pin(1), a_pin(2, never_public=True))
    public = await figures.overview(By.CATEGORY, 30, "en", whole=False)
    staff = await figures.overview(By.CATEGORY, 30, "en", whole=True)
    assert (told(public, "potholes", "arrived"), told(staff, "potholes", "arrived")) == (1, 2)


async def test_of_counted_categories_five_or_more_in_a_unit_and_a_whole_month_are_told() -> None:
    day = Day()
    day.now = datetime(2026, 4, 2, tzinfo=UTC)
    many = [sick(number) for number in range(1, 6)]
    few = [sick(number, unit="00005") for number in range(11, 15)]
    elsewhere = [sick(number, unit=None) for number in range(21, 30)]
    others = [a_pin(number, category="crime", public=False) for number in range(31, 40)]
    figures = service(*many, *few, *elsewhere, *others, now=day)
    counts = await figures.counts(None, "en")
    assert (counts.month, counts.few) == ("2026-03", 5)
    assert [(row.category, row.unit_name, row.count) for row in counts.items] == [
        ("health", "Old Town", 5)
    ]
    assert (await figures.counts("2026-02", "en")).items == []


@pytest.mark.parametrize("month", ["2026-04", "2026-05", "2024-03", "2027-01"])
async def test_a_month_that_is_not_over_or_long_ago_is_not_counted(month: str) -> None:
    day = Day()
    day.now = datetime(2026, 4, 2, tzinfo=UTC)
    with pytest.raises(Invalid):
        await service(now=day).counts(month, "en")


async def test_a_month_begins_and_ends_in_the_citys_zone(hanoi: City) -> None:
    over = whole_month(hanoi, None, datetime(2026, 3, 31, 17, tzinfo=UTC))  # midnight in Hanoi
    assert over.name == "2026-03"
    assert over.begins.astimezone(UTC) == datetime(2026, 2, 28, 17, tzinfo=UTC)
    assert over.ends.astimezone(UTC) == datetime(2026, 3, 31, 17, tzinfo=UTC)


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
    assert OPEN == OPEN_REPORTS
    assert [figure.code for figure in FIGURES] == list(FIGURES_WITH_TEXTS)
