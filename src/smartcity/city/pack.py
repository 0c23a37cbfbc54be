"""Loading a city pack: the files, in an order in which each can be checked against those before.

What each file holds is explained in `config/README.md`, to those who write them.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from smartcity.city.answers import Reason, Template
from smartcity.city.check import check
from smartcity.city.draft import Draft, Head, OwnAgencies
from smartcity.city.messages import read_messages
from smartcity.city.mistakes import Mistake, PackError
from smartcity.city.model import (
    Agency,
    Calendar,
    Category,
    City,
    Field,
    FormerUnit,
    Limits,
    Procedure,
    Rule,
    Struct,
    Unit,
)
from smartcity.city.reading import Page, Table
from smartcity.city.sheets import Sheet, by_code, read_rows, read_tables
from smartcity.city.times import with_times

FILES: Final = frozenset(
    {
        "city.toml",
        "agencies.toml",
        "categories.toml",
        "routing.toml",
        "deadlines.toml",
        "calendar.toml",
        "reasons.toml",
        "templates.toml",
        "units.csv",
        "former_units.csv",
        "procedures.csv",
        "import.toml",  # read by the import command alone
        "samples.toml",  # read by `up --demo` alone
    }
)


def load_city(folder: Path) -> City:
    """Read and check a pack. Raises `PackError` with every mistake in it, never with the first."""
    mistakes: list[Mistake] = []
    draft = _read(folder, mistakes)
    messages = read_messages(folder, draft.languages, mistakes)
    mistakes.extend(check(draft))
    if draft.head is None or mistakes:
        raise PackError(folder, sorted(dict.fromkeys(mistakes), key=lambda mistake: mistake.file))
    return City(
        code=draft.head.code,
        name=draft.head.name,
        zone=ZoneInfo(draft.head.zone),
        languages=draft.languages,
        region=draft.head.region,
        identity_pattern=draft.head.identity_pattern,
        bounds=draft.head.bounds,
        centre=(draft.head.centre.lon, draft.head.centre.lat),
        windows=draft.head.windows,
        privacy=draft.head.privacy,
        escalation=draft.head.escalation,
        alerts=draft.head.alerts,
        fields=by_code(draft.fields),
        categories=by_code(draft.categories),
        agencies=by_code(draft.agencies),
        units=by_code(draft.units),
        former_units=tuple(unit for _, unit in draft.former_units.things),
        rules=tuple(rule for _, rule in draft.rules.things),
        limits=tuple(limits for _, limits in draft.limits.things),
        calendars=by_code(draft.calendars),
        reasons=by_code(draft.reasons),
        templates=tuple(template for _, template in draft.templates.things),
        procedures=by_code(draft.procedures),
        dispatch=draft.head.dispatch,
        burst=draft.head.burst,
        dossiers=draft.head.dossiers,
        sms=draft.head.sms,
        messages=messages,
    )


def _read(folder: Path, mistakes: list[Mistake]) -> Draft:
    page = Page(folder / "city.toml", mistakes)
    table = page.toml()
    page.languages = languages = _languages(table)
    if "sms" in table:
        table["sms"] = with_times(table["sms"], "sms", page)
    _no_other_files(folder, languages, mistakes)

    def tables(file: str, **kinds: type[Struct]) -> dict[str, Sheet[Any]]:
        return read_tables(Page(folder / file, mistakes, languages), kinds)

    def rows(file: str, kind: type[Struct], word: str) -> Sheet[Any]:
        return read_rows(Page(folder / file, mistakes, languages), kind, word)

    units = rows("units.csv", Unit, "unit")
    categories = tables("categories.toml", field=Field, category=Category)
    agencies = tables("agencies.toml", own=OwnAgencies, agency=Agency)
    for _, own in agencies["own"].things:
        _add_own_agencies(own, units, agencies["agency"])
    return Draft(
        page=page,
        head=page.struct(Head, table, "") if page.readable else None,
        languages=languages,
        fields=categories["field"],
        categories=categories["category"],
        agencies=agencies["agency"],
        own=agencies["own"],
        units=units,
        former_units=rows("former_units.csv", FormerUnit, "former_unit"),
        rules=tables("routing.toml", rule=Rule)["rule"],
        limits=tables("deadlines.toml", limit=Limits)["limit"],
        calendars=tables("calendar.toml", calendar=Calendar)["calendar"],
        reasons=tables("reasons.toml", reason=Reason)["reason"],
        templates=tables("templates.toml", template=Template)["template"],
        procedures=rows("procedures.csv", Procedure, "procedure"),
    )


def _languages(table: Table) -> tuple[str, ...]:
    """The city's languages, which the reading of every other file needs; none if malformed."""
    try:
        return msgspec.convert(table.get("languages"), tuple[str, ...])
    except msgspec.ValidationError:
        return ()


def _no_other_files(folder: Path, languages: Sequence[str], mistakes: list[Mistake]) -> None:
    """A misspelt `unit.csv` must not pass for a city without units."""
    known = FILES | {f"messages.{language}.toml" for language in languages}
    mistakes.extend(
        Mistake(path.name, "", "is not a file of a pack")
        for path in folder.glob("*.*")
        if path.suffix in {".toml", ".csv"} and path.name not in known and languages
    )


def _add_own_agencies(own: OwnAgencies, units: Sheet[Unit], agencies: Sheet[Agency]) -> None:
    """An agency for each unit that has none in the list."""
    governed = {unit for _, unit in agencies.mentions("unit")}
    for code in units.codes().keys() - governed:
        row = {"code": own.code.replace("{unit}", code), "unit": code, "parent": own.parent}
        agencies.rows.append(("own", row | {"calendar": own.calendar}))
    for _, unit in units.things:
        if unit.code not in governed:
            agencies.things.append(("own", _own_agency(own, unit)))


def _own_agency(own: OwnAgencies, unit: Unit) -> Agency:
    return Agency(
        code=own.code.replace("{unit}", unit.code),
        name={
            language: text.replace("{name}", _inside_a_phrase(unit, language))
            for language, text in own.name.items()
        },
        parent=own.parent,
        unit=unit.code,
        calendar=own.calendar,
        valid_from=own.valid_from,
        valid_to=own.valid_to,
    )


def _inside_a_phrase(unit: Unit, language: str) -> str:
    """The unit's name with its kind in the kind's own case: “phường Ba Đình”, not “Phường”."""
    name = unit.name[language]
    kind_first = name.casefold().startswith(f"{unit.kind} ".casefold())
    return unit.kind + name[len(unit.kind) :] if kind_first else name
