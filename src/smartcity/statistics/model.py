"""Answers with figures."""

from datetime import datetime
from enum import StrEnum

import msgspec


class By(StrEnum):
    """What reports are told apart by."""

    AGENCY = "agency"
    UNIT = "unit"
    CATEGORY = "category"
    FIELD = "field"


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The form of everything in an answer: what does not apply is left out."""


class Value(Answer, frozen=True):
    """A figure; null if there is nothing to tell."""

    value: float | None


class Row(Answer, frozen=True):
    """The figures of one agency, unit, category or field; without a `code`, of the reports that
    have none. The `name` is missing if the city does not know the code any more.
    """

    figures: dict[str, Value]
    code: str | None = None
    name: str | None = None


class Overview(Answer, frozen=True):
    """`total` is of all reports that `items` tell of. Those of categories that are never public are
    in what staff see only.
    """

    by: By
    days: int
    as_of: datetime
    items: list[Row]
    total: Row


class CountRow(Answer, frozen=True):
    """How many reports of a category there were in a unit."""

    category: str
    unit: str
    count: int
    category_name: str | None = None
    unit_name: str | None = None


class Counts(Answer, frozen=True):
    """What the public may know of categories whose reports it never sees. Of whatever is missing
    there were fewer than `few` reports, or none.
    """

    month: str
    few: int
    items: list[CountRow]


class Definition(Answer, frozen=True):
    """What a figure means. `measure`: reports (how many), share (0 to 1), hours."""

    code: str
    measure: str
    name: str
    meaning: str


class DefinitionList(Answer, frozen=True):
    items: list[Definition]
