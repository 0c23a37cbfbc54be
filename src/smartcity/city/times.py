"""Spans of time and weekdays as a pack writes them: TOML has no words for these."""

import re
from datetime import date, time
from typing import Any, Final, cast

from smartcity.city.reading import WRONG, Page, Table

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

SPAN: Final = re.compile(r"(\d\d:\d\d)\s*-\s*(\d\d:\d\d)")


def with_times(table: object, where: str, page: Page) -> object:
    """The table with its `hours` and its `open` days understood."""
    if not isinstance(table, dict):
        return table
    row = dict(cast(Table, table))
    hours, opened = row.get("hours"), row.get("open")
    if isinstance(hours, dict):
        row["hours"] = _week(cast(Table, hours), f"{where}.hours", page)
    elif hours is not None:
        row["hours"] = _span(hours, f"{where}.hours", page)
    if isinstance(opened, dict):
        row["open"] = _open_days(cast(Table, opened), f"{where}.open", page)
    return row


def _week(hours: Table, where: str, page: Page) -> Any:
    week: list[tuple[Any, ...]] = []
    for weekday in WEEKDAYS:
        spans = hours.get(weekday, [])
        if not isinstance(spans, list):
            page.wrong(f"{where}.{weekday}", 'must be a list such as ["08:00-12:00"]')
            return WRONG
        week.append(
            tuple(_span(span, f"{where}.{weekday}", page) for span in cast(list[object], spans))
        )
    for key in sorted(hours.keys() - set(WEEKDAYS)):
        page.wrong(f"{where}.{key}", f"is not a weekday; known are {', '.join(WEEKDAYS)}")
        return WRONG
    return WRONG if any(WRONG in spans for spans in week) else tuple(week)


def _span(span: object, where: str, page: Page) -> Any:
    match = SPAN.fullmatch(span) if isinstance(span, str) else None
    try:
        if match is not None:
            return time.fromisoformat(match[1]), time.fromisoformat(match[2])
    except ValueError:
        pass  # an hour that no clock shows; said below
    page.wrong(where, f"{span!r} is not a span of time such as 08:00-12:00")
    return WRONG


def _open_days(days: Table, where: str, page: Page) -> Any:
    opened: dict[date, int] = {}
    wrong = False
    for day, weekday in days.items():
        try:
            opened[date.fromisoformat(day)] = WEEKDAYS.index(weekday)
        except ValueError:
            page.wrong(f"{where}.{day}", 'must be a date with a weekday: 2026-01-10 = "friday"')
            wrong = True
    return WRONG if wrong else opened
