import threading
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from smartcity.calendar.working_time import WorkingTime
from smartcity.city.model import Calendar, City

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
BOSTON = ZoneInfo("America/New_York")

OFFICE_DAY = ((time(8), time(12)), (time(13, 30), time(17, 30)))
WEEK = (OFFICE_DAY,) * 5 + ((), ())

VIETNAM = Calendar(
    code="office",
    version="2026-1",
    hours=WEEK,
    holidays="VN",
    closed=frozenset({date(2026, 1, 2)}),
    open={date(2026, 1, 10): 4},
)
AMERICA = Calendar(code="office", version="1", hours=WEEK, holidays="US")
NIGHT_SHIFT = Calendar(code="night", version="1", hours=(((time(0), time(6)),),) * 7)
ALWAYS = Calendar(code="always", version="1", always=True)

OFFICE = WorkingTime(VIETNAM, HANOI)
CLOCKS = {
    "Hanoi's office": OFFICE,
    "Boston's office": WorkingTime(AMERICA, BOSTON),
    "a night shift in Boston": WorkingTime(NIGHT_SHIFT, BOSTON),
    "always": WorkingTime(ALWAYS, BOSTON),
}

clocks = st.sampled_from(list(CLOCKS.values()))
moments = st.builds(
    datetime.fromtimestamp,
    st.integers(1_734_652_800, 1_799_539_200),  # December 2024 to January 2027
    st.sampled_from([UTC, HANOI, BOSTON]),
)
hours = st.floats(0, 400) | st.sampled_from([0.0, 4.0, 8.0, 40.0])


def at(day: str, clock: str, zone: ZoneInfo = HANOI) -> datetime:
    return datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=zone)


def measured(length: float) -> timedelta:
    return timedelta(microseconds=round(length * 3_600_000_000))


@given(clocks, moments, hours)
@settings(max_examples=400)
def test_as_much_time_lies_between_as_was_added(
    clock: WorkingTime, start: datetime, length: float
) -> None:
    assert clock.between(start, clock.after(start, length)) == measured(length)


@given(clocks, moments, hours)
@example(OFFICE, at("2026-03-07", "10:00"), 0.0)
def test_adding_never_lands_in_closed_time(
    clock: WorkingTime, start: datetime, length: float
) -> None:
    end = clock.after(start, length)
    assert end >= start.astimezone(UTC)
    assert clock.is_working(end) or clock.is_working(end - timedelta(microseconds=1))


@given(clocks, moments, moments, hours)
def test_who_starts_later_ends_later(
    clock: WorkingTime, one: datetime, other: datetime, length: float
) -> None:
    early, late = sorted((one.astimezone(UTC), other.astimezone(UTC)))
    assert clock.after(early, length) <= clock.after(late, length)


@given(clocks, moments, hours, hours)
def test_more_work_takes_longer_and_the_parts_add_up(
    clock: WorkingTime, start: datetime, first: float, second: float
) -> None:
    midway = clock.after(start, first)
    end = clock.after(midway, second)
    assert end >= midway
    assert clock.between(start, end) == measured(first) + measured(second)


@given(clocks, moments, moments, moments)
def test_spans_of_time_add_up_in_any_order(
    clock: WorkingTime, a: datetime, b: datetime, c: datetime
) -> None:
    assert clock.between(a, b) + clock.between(b, c) == clock.between(a, c)
    assert clock.between(a, b) == -clock.between(b, a)


@given(clocks, moments, moments)
def test_no_more_working_time_passes_than_time(
    clock: WorkingTime, one: datetime, other: datetime
) -> None:
    early, late = sorted((one.astimezone(UTC), other.astimezone(UTC)))
    assert timedelta(0) <= clock.between(early, late) <= late - early


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        (at("2026-03-02", "08:00"), 4, at("2026-03-02", "12:00")),  # a Monday morning
        (at("2026-03-02", "08:00"), 5, at("2026-03-02", "14:30")),  # over lunch
        (at("2026-03-02", "16:30"), 8, at("2026-03-03", "16:30")),  # over night
        (at("2026-03-06", "17:00"), 1, at("2026-03-09", "08:30")),  # over a weekend
        (at("2026-03-07", "10:00"), 0, at("2026-03-09", "08:00")),  # the next opening
        (at("2026-03-02", "12:00"), 0, at("2026-03-02", "12:00")),
        (at("2026-03-02", "12:30"), 0, at("2026-03-02", "13:30")),
        (at("2025-12-31", "16:30"), 2, at("2026-01-05", "09:00")),  # 1 and 2 January are off
        (at("2026-01-09", "16:30"), 2, at("2026-01-10", "09:00")),  # Saturday 10 January is worked
        (at("2026-01-10", "17:00"), 1, at("2026-01-12", "08:30")),
        (at("2026-11-23", "17:00"), 1, at("2026-11-25", "08:30")),  # 24 November is off
        (at("2026-08-21", "17:00"), 1, at("2026-08-22", "08:30")),  # Saturday 22 August is worked
        (at("2026-08-28", "17:00"), 1, at("2026-09-03", "08:30")),  # 31 August to 2 September: off
        (at("2026-02-13", "17:00"), 1, at("2026-02-23", "08:30")),  # Tết
    ],
)
def test_hanois_office_hours_of_2026(start: datetime, length: float, end: datetime) -> None:
    assert OFFICE.after(start, length) == end
    assert OFFICE.between(start, end) == measured(length)


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        ("2026-01-02", False),
        ("2026-01-09", True),
        ("2026-01-10", True),
        ("2026-01-17", False),
        ("2026-08-22", True),
        ("2026-08-29", False),
        ("2026-08-31", False),
        ("2026-11-24", False),
    ],
)
def test_swapped_days_of_2026(day: str, worked: bool) -> None:
    assert OFFICE.is_working(at(day, "09:00")) == worked


def test_hanois_own_calendar_knows_the_days_that_the_holidays_package_misses(hanoi: City) -> None:
    office = WorkingTime(hanoi.calendars["office"], hanoi.zone)
    assert not office.is_working(at("2026-01-02", "09:00"))
    assert office.is_working(at("2026-01-10", "09:00"))
    assert not office.is_working(at("2026-11-24", "09:00"))
    assert office.is_working(at("2026-08-22", "09:00"))
    assert not office.is_working(at("2026-08-31", "09:00"))


def test_the_citys_table_is_stronger_than_the_countrys_holidays() -> None:
    calendar = Calendar(
        code="c", version="1", hours=WEEK, holidays="VN", open={date(2026, 11, 24): 1}
    )
    assert WorkingTime(calendar, HANOI).is_working(at("2026-11-24", "09:00"))


def test_a_day_that_is_worked_for_another_has_the_hours_of_the_weekday_given() -> None:
    short_friday = (OFFICE_DAY,) * 4 + (((time(8), time(12)),), (), ())
    calendar = Calendar(
        code="c", version="1", hours=short_friday, open={date(2026, 1, 10): 4, date(2026, 1, 11): 0}
    )
    clock = WorkingTime(calendar, HANOI)
    saturday, sunday = at("2026-01-10", "00:00"), at("2026-01-11", "00:00")
    assert clock.between(saturday, sunday) == timedelta(hours=4)
    assert clock.between(sunday, sunday + timedelta(days=1)) == timedelta(hours=8)


def test_an_opening_is_worked_and_a_closing_is_not() -> None:
    assert OFFICE.is_working(at("2026-03-02", "08:00"))
    assert not OFFICE.is_working(at("2026-03-02", "12:00"))
    assert not OFFICE.is_working(at("2026-03-02", "07:59"))


def test_the_holidays_are_those_of_the_country() -> None:
    boston = CLOCKS["Boston's office"]
    assert not boston.is_working(at("2026-07-03", "09:00", BOSTON))  # 4 July is a Saturday
    assert boston.is_working(at("2026-09-01", "09:00", BOSTON))
    assert not OFFICE.is_working(at("2026-09-01", "09:00"))


def test_a_night_is_an_hour_shorter_in_spring_and_longer_in_autumn() -> None:
    night = CLOCKS["a night shift in Boston"]
    spring = at("2026-03-07", "20:00", BOSTON)
    autumn = at("2026-10-31", "20:00", BOSTON)
    usual = at("2026-06-05", "20:00", BOSTON)
    half_a_day = timedelta(hours=12)
    assert night.between(spring, spring + half_a_day) == timedelta(hours=5)
    assert night.between(autumn, autumn + half_a_day) == timedelta(hours=7)
    assert night.between(usual, usual + half_a_day) == timedelta(hours=6)
    assert night.after(spring, 5) == at("2026-03-08", "06:00", BOSTON)
    assert night.after(autumn, 7) == at("2026-11-01", "06:00", BOSTON)


def test_an_office_keeps_its_local_hours_when_the_clocks_change() -> None:
    boston = CLOCKS["Boston's office"]
    friday = at("2026-03-06", "17:00", BOSTON)
    assert boston.after(friday, 1) == at("2026-03-09", "08:30", BOSTON)
    assert boston.after(friday, 1).tzinfo is UTC


@pytest.mark.parametrize(
    ("hours", "longest"),
    [
        (((time(2, 10), time(2, 50)),), 40),
        (((time(2, 30), time(3, 10)),), 0),
        (((time(0), time(2, 50)), (time(3), time(5))), 4 * 60),
    ],
)
def test_hours_that_summer_time_leaves_out_are_counted_once_at_the_most(
    hours: tuple[tuple[time, time], ...], longest: int
) -> None:
    clock = WorkingTime(Calendar(code="c", version="1", hours=(hours,) * 7), BOSTON)
    day = at("2026-03-08", "00:00", BOSTON)
    passed = clock.between(day, day + timedelta(days=1))
    assert timedelta(0) <= passed <= timedelta(minutes=longest)


@given(moments, moments, hours)
def test_a_calendar_that_never_closes_is_plain_time(
    one: datetime, other: datetime, length: float
) -> None:
    clock = CLOCKS["always"]
    assert clock.is_working(one)
    assert clock.after(one, length) == one.astimezone(UTC) + measured(length)
    assert clock.between(one, other) == other.astimezone(UTC) - one.astimezone(UTC)


def test_times_before_1970_are_counted_too() -> None:
    assert OFFICE.after(at("1950-03-06", "08:00"), 8) == at("1950-03-06", "17:30")


def test_a_date_that_nobody_means_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="years 1 to 2026"):
        OFFICE.between(datetime(1, 1, 1, tzinfo=UTC), at("2026-01-01", "08:00"))
    with pytest.raises(ValueError, match="2201"):
        OFFICE.after(at("2200-12-20", "08:00"), 4000)


def test_less_than_no_time_cannot_pass() -> None:
    with pytest.raises(ValueError, match="negative"):
        OFFICE.after(at("2026-01-01", "08:00"), -1)


def test_a_calendar_in_which_nobody_works_is_refused() -> None:
    with pytest.raises(ValueError, match="closed has no working hours"):
        WorkingTime(Calendar(code="closed", version="1"), HANOI)


def test_a_country_that_nobody_knows_is_refused() -> None:
    nowhere = Calendar(code="c", version="1", hours=WEEK, holidays="XX")
    with pytest.raises(LookupError):
        WorkingTime(nowhere, HANOI).is_working(at("2026-01-01", "08:00"))


def test_the_version_is_the_calendars() -> None:
    assert OFFICE.version == "2026-1"


def test_threads_may_share_a_clock() -> None:
    clock = WorkingTime(VIETNAM, HANOI)
    starts = [at(f"{year}-06-01", "08:00") for year in range(2000, 2024)]
    ends: dict[datetime, datetime] = {}

    def work() -> None:
        for start in starts:
            ends[start] = clock.after(start, 80)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ends == {start: OFFICE.after(start, 80) for start in starts}
