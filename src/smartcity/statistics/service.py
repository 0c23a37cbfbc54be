"""Counts an overview, or finds the one that was just counted."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from smartcity import clock
from smartcity.city.model import City, Publicity, Texts
from smartcity.statistics.columns import Columns, Table
from smartcity.statistics.counts import FEW, cells, counted_categories, whole_month
from smartcity.statistics.definitions import FIGURES
from smartcity.statistics.facts import Facts, When
from smartcity.statistics.model import (
    By,
    CountRow,
    Counts,
    Definition,
    DefinitionList,
    Overview,
    Row,
    Value,
)
from smartcity.statistics.tally import Told, rows

FRESH: Final = timedelta(seconds=5)

KEPT: Final = 64
"""So many overviews are remembered."""

MAX_DAYS: Final = 366

Figures = dict[str, Value]


class _Asked(msgspec.Struct, frozen=True):
    by: By
    days: int
    whole: bool


class _Counted(msgspec.Struct, frozen=True):
    """An overview before its rows have names."""

    at: datetime
    rows: Mapping[str | None, Figures]
    total: Figures


class StatisticsService:
    """The figures of one city.

    Counting a million reports takes some tenths of a second, so it happens in a thread, one
    overview at a time.
    """

    def __init__(
        self, city: City, columns: Columns, now: Callable[[], datetime] = clock.now
    ) -> None:
        self._city = city
        self._columns = columns
        self._now = now
        self._counting = asyncio.Lock()
        self._kept: dict[_Asked, _Counted] = {}

    async def overview(self, by: By, days: int, language: str, *, whole: bool) -> Overview:
        """The figures now and over so many days (`MAX_DAYS` at the most), at most `FRESH` old.

        `whole` is for staff. The public's figures leave out the categories that are never public
        (of some of these there are `counts`), and of the others each report that is never public.
        """
        asked = _Asked(by, days, whole)
        async with self._counting:
            counted = self._kept.get(asked)
            if counted is None or self._now() - counted.at > FRESH:
                counted = await self._count(asked)
        names = self._names(by)
        return Overview(
            by=by,
            days=days,
            as_of=counted.at,
            items=[
                Row(code=code, name=_name(names, code, language), figures=figures)
                for code, figures in counted.rows.items()
            ],
            total=Row(figures=counted.total),
        )

    async def counts(self, month: str | None, language: str) -> Counts:
        """How many reports there were in each unit of categories that have no other public figures,
        in a month (`2026-10`) that is over. Raises `Invalid` for any other.
        """
        over = whole_month(self._city, month, self._now())
        categories, tables = counted_categories(self._city), self._columns.rows()
        async with self._counting:
            found = await asyncio.to_thread(cells, tables, categories, over)
        names, units = self._names(By.CATEGORY), self._names(By.UNIT)
        items = [
            CountRow(
                category=cell.category,
                unit=cell.unit,
                count=cell.reports,
                category_name=_name(names, cell.category, language),
                unit_name=_name(units, cell.unit, language),
            )
            for cell in found
        ]
        return Counts(month=over.name, few=FEW, items=items)

    def definitions(self, language: str) -> DefinitionList:
        """What the figures mean."""
        render = self._city.messages.render
        return DefinitionList(
            items=[
                Definition(
                    code=figure.code,
                    measure=figure.measure,
                    name=render(language, f"figures.{figure.code}.name"),
                    meaning=render(language, f"figures.{figure.code}.meaning"),
                )
                for figure in FIGURES
            ]
        )

    async def _count(self, asked: _Asked) -> _Counted:
        counted = await asyncio.to_thread(self._counted, asked, self._now(), self._columns.rows())
        self._kept.pop(asked, None)
        if len(self._kept) >= KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[asked] = counted
        return counted

    def _counted(self, asked: _Asked, at: datetime, tables: Sequence[Table]) -> _Counted:
        when = When(at, asked.days)
        categories = None if asked.whole else self._public_categories()
        found = {
            code: _shown(row)
            for code, row in _rows(tables, asked.by, when, categories).items()
            if _tells(row)
        }
        total = _rows(tables, None, when, categories)
        return _Counted(
            at,
            {code: found[code] for code in sorted(found, key=lambda code: code or "")},
            _shown(total[None]),
        )

    def _public_categories(self) -> Collection[str]:
        """Of the pack: what the public may know of a category that it has no more, nobody says."""
        every = self._city.categories.values()
        return {c.code for c in every if c.public is not Publicity.NEVER}

    def _names(self, by: By) -> Mapping[str, Texts]:
        match by:
            case By.AGENCY:
                return {agency.code: agency.name for agency in self._city.agencies.values()}
            case By.UNIT:
                return {unit.code: unit.name for unit in self._city.units.values()}
            case By.CATEGORY:
                return {category.code: category.name for category in self._city.categories.values()}
            case By.FIELD:
                return {field.code: field.name for field in self._city.fields.values()}


def _rows(
    tables: Sequence[Table], by: By | None, when: When, categories: Collection[str] | None
) -> dict[str | None, dict[str, Told]]:
    groups = (None,) if by is None else tuple(tables[0].words(by))
    return rows([Facts(table, by, when, categories) for table in tables], groups)


def _tells(row: Mapping[str, Told]) -> bool:
    return any(told.reports for told in row.values())


def _shown(row: Mapping[str, Told]) -> Figures:
    return {code: Value(value=told.value) for code, told in row.items()}


def _name(names: Mapping[str, Texts], code: str | None, language: str) -> str | None:
    texts = names.get(code) if code is not None else None
    return None if texts is None else texts[language]
