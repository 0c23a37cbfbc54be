"""How working time passes.

The calendar's days become one sorted table of spans in UTC, with the working time before each:
adding and measuring are then two binary searches. The table grows by years as it is asked.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate, chain
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from smartcity.calendar.public_holidays import PublicHolidays, public_holidays
from smartcity.city.model import Calendar

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
HOUR_US: Final = 3_600_000_000
DAY: Final = timedelta(days=1)

YEARS: Final = range(1900, 2201)
"""Years that work is counted in. A date outside is a slip of somebody's system (the year 1), and
must not make a table of two thousand years."""

Hours = tuple[tuple[time, time], ...]
Span = tuple[int, int]
"""From (inclusive) – to (exclusive), in microseconds since the epoch."""


class WorkingTime:
    """Working time by one calendar in one zone. Answers are in UTC.

    Its state is a table that only ever grows, and is replaced whole: threads may share it.
    """

    def __init__(self, calendar: Calendar, zone: ZoneInfo) -> None:
        """Raise `ValueError` for a calendar in which nobody ever works."""
        if not calendar.always and not any(calendar.hours):
            raise ValueError(f"the calendar {calendar.code} has no working hours")
        self._calendar = calendar
        self._zone = zone
        self._years: dict[int, tuple[Span, ...]] = {}
        self._table = _Table()

    @property
    def version(self) -> str:
        """The calendar's version, to be kept beside every deadline that was counted with it."""
        return self._calendar.version

    def after(self, start: datetime, hours: float) -> datetime:
        """The first moment at which so many working hours have passed since `start`.

        It lies in working time or at the very end of a span, never in closed time; with no hours,
        it is the start itself or the next opening. Raises `ValueError` for less than no hours.
        """
        if hours < 0:
            raise ValueError("hours cannot be negative")
        begin, length = _since_epoch(start), round(hours * HOUR_US)
        if self._calendar.always:
            return _moment(begin + length)
        last = start.year
        while (end := self._covering(start.year, last).after(begin, length)) is None:
            last += 1
        return _moment(end)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The working time from one moment to another; negative when the second is the earlier."""
        if self._calendar.always:
            # Python subtracts two times of one zone by its wall clock, which jumps.
            return end.astimezone(UTC) - start.astimezone(UTC)
        table = self._covering(min(start.year, end.year), max(start.year, end.year))
        passed = table.passed_until(_since_epoch(end)) - table.passed_until(_since_epoch(start))
        return passed * MICROSECOND

    def is_working(self, moment: datetime) -> bool:
        """Whether work goes on at a moment: at an opening yes, at a closing no."""
        if self._calendar.always:
            return True
        return self._covering(moment.year, moment.year).holds(_since_epoch(moment))

    def _covering(self, first: int, last: int) -> "_Table":
        """The table with these years and the ones beside them.

        The zone's year is not UTC's, and an answer may lie in the next: hence the neighbours.
        Raises `ValueError` for years that nobody means.
        """
        if first not in YEARS or last not in YEARS:
            raise ValueError(f"no working time is known of the years {first} to {last}")
        table = self._table
        if first - 1 not in table.years or last + 1 not in table.years:
            known = table.years or range(first, last)
            years = range(min(first - 1, known.start), max(last + 2, known.stop))
            self._table = table = _Table.of(years, chain.from_iterable(map(self._year, years)))
        return table

    def _year(self, year: int) -> tuple[Span, ...]:
        """The spans of the days of a year, in order."""
        if year not in self._years:
            country = self._calendar.holidays
            public = public_holidays(country, year) if country else PublicHolidays()
            days = (date(year, 1, 1) + number * DAY for number in range(_days_of(year)))
            self._years[year] = tuple(
                span for day in days for span in self._spans(day, self._hours(day, public))
            )
        return self._years[year]

    def _hours(self, day: date, public: PublicHolidays) -> Hours:
        """The working hours of a day. The city's own table is stronger than the country's."""
        week = self._calendar.hours
        if day in self._calendar.open:
            return week[self._calendar.open[day]]
        if day in self._calendar.closed or day in public.off:
            return ()
        if day in public.worked:
            # Nobody says which weekday it stands for: the longest is never too short a day.
            return max(week, key=_length)
        return week[day.weekday()]

    def _spans(self, day: date, hours: Hours) -> Iterator[Span]:
        for opens, closes in hours:
            yield (
                _since_epoch(datetime.combine(day, opens, self._zone)),
                _since_epoch(datetime.combine(day, closes, self._zone)),
            )


class _Table(msgspec.Struct, frozen=True):
    """The spans of some years, and the working time before and up to the end of each."""

    years: range = range(0)
    starts: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    by_end: list[int] = []

    @classmethod
    def of(cls, years: range, spans: Iterable[Span]) -> "_Table":
        merged = list(_merged(spans))
        by_end = list(accumulate(end - start for start, end in merged))
        return cls(
            years=years,
            starts=[start for start, _ in merged],
            ends=[end for _, end in merged],
            before=[0, *by_end[:-1]],
            by_end=by_end,
        )

    def holds(self, moment: int) -> bool:
        number = bisect_right(self.starts, moment) - 1
        return number >= 0 and moment < self.ends[number]

    def passed_until(self, moment: int) -> int:
        """The working time of the table up to a moment."""
        number = bisect_right(self.starts, moment) - 1
        if number < 0:
            return 0
        return self.before[number] + min(moment, self.ends[number]) - self.starts[number]

    def after(self, begin: int, length: int) -> int | None:
        """The moment when so much has passed since `begin`; none if the table ends before."""
        passed = self.passed_until(begin) + length
        number = bisect_left(self.by_end, passed)
        if number == len(self.by_end):
            return None
        moment = self.starts[number] + passed - self.before[number]
        if moment >= begin:
            return moment
        # Nothing is to pass and `begin` is closed: the search found the closing before it.
        return self.starts[number + 1] if number + 1 < len(self.starts) else None


def _merged(spans: Iterable[Span]) -> Iterator[Span]:
    """The same time as spans in order that do not touch.

    In the hour that summer time leaves out, local times come before earlier ones: spans there may
    overlap, or turn inside out and then hold no time.
    """
    current: Span | None = None
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if current is not None and start <= current[1]:
            current = current[0], max(current[1], end)
            continue
        if current is not None:
            yield current
        current = start, end
    if current is not None:
        yield current


def _since_epoch(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND


def _moment(since_epoch: int) -> datetime:
    return EPOCH + timedelta(microseconds=since_epoch)


def _days_of(year: int) -> int:
    return (date(year + 1, 1, 1) - date(year, 1, 1)).days


def _length(hours: Hours) -> int:
    """How many minutes the hours of a day are, on its clock."""
    return sum(_minute(closes) - _minute(opens) for opens, closes in hours)


def _minute(clock: time) -> int:
    return clock.hour * 60 + clock.minute
