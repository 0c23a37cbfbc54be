"""What the things in a pack must be to each other. Each rule is one function or one row."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from smartcity.calendar.public_holidays import public_holidays
from smartcity.city.check_answers import ANSWER_RULES
from smartcity.city.draft import Draft, OwnAgencies
from smartcity.city.messages import placeholders
from smartcity.city.mistakes import Mistake
from smartcity.city.model import OWN, Calendar, Priority, Publicity, Question, QuestionKind, Rule
from smartcity.city.policies import CONTACT
from smartcity.city.reading import Page
from smartcity.city.sheets import Sheet


def check(draft: Draft) -> Iterator[Mistake]:
    """Everything that is wrong between well-formed things, and between codes in any."""
    for rule in RULES:
        yield from rule(draft)


def _references(draft: Draft) -> Iterator[Mistake]:
    """What names another thing names one that is there."""
    d = draft
    references: Sequence[tuple[Sheet[Any], str, Sheet[Any]]] = (
        # a thing's       key          names one of
        (d.categories, "field", d.fields),
        (d.categories, "calendar", d.calendars),
        (d.agencies, "parent", d.agencies),
        (d.agencies, "unit", d.units),
        (d.agencies, "calendar", d.calendars),
        (d.units, "parent", d.units),
        (d.former_units, "now", d.units),
        (d.rules, "agency", d.agencies),
        (d.rules, "categories", d.categories),
        (d.rules, "fields", d.fields),
        (d.rules, "units", d.units),
        (d.limits, "category", d.categories),
        (d.reasons, "categories", d.categories),
        (d.reasons, "fields", d.fields),
        (d.templates, "categories", d.categories),
        (d.templates, "fields", d.fields),
        (d.procedures, "agency", d.agencies),
    )
    for sheet, key, target in references:
        known = target.codes()
        for where, code in sheet.mentions(key):
            own = sheet is d.rules and key == "agency" and code == OWN
            if target.page.readable and code not in known and not own:
                yield _wrong(sheet.page, where, f"there is no {target.word} {code}")
    if d.head and d.agencies.page.readable and d.head.dispatch not in d.agencies.codes():
        yield _wrong(d.page, "dispatch", f"there is no agency {d.head.dispatch}")


def _counts(draft: Draft) -> Iterator[Mistake]:
    """All figures of a category that is public are."""
    for where, category in draft.categories.things:
        if category.counts and category.public is not Publicity.NEVER:
            reason = 'is only for a category with public = "never"'
            yield _wrong(draft.categories.page, f"{where}.counts", reason)


def _unique_codes(draft: Draft) -> Iterator[Mistake]:
    sheets: Sequence[Sheet[Any]] = (
        draft.fields,
        draft.categories,
        draft.agencies,
        draft.units,
        draft.former_units,
        draft.rules,
        draft.calendars,
        draft.reasons,
        draft.templates,
        draft.procedures,
    )
    for sheet in sheets:
        seen: set[object] = set()
        for where, row in sheet.rows:
            code = row.get("code")
            if isinstance(code, str) and code in seen:
                yield _wrong(sheet.page, where, f"the code {code} is there twice")
            seen.add(code if isinstance(code, str) else None)
    for where, category in draft.categories.things:
        codes = [question.code for question in category.questions]
        for code in sorted({code for code in codes if codes.count(code) > 1}):
            yield _wrong(
                draft.categories.page,
                f"{where}.questions.{code}",
                f"the code {code} is there twice",
            )
    limits = [(limit.priority, limit.category) for _, limit in draft.limits.things]
    for place, (where, _) in enumerate(draft.limits.things):
        if limits[place] in limits[:place]:
            yield _wrong(draft.limits.page, where, "the same priority and category come earlier")


def _no_circles(draft: Draft) -> Iterator[Mistake]:
    """Going up from parent to parent ends."""
    sheets: Sequence[Sheet[Any]] = (draft.agencies, draft.units)
    for sheet in sheets:
        rows = sheet.codes()
        done: set[str] = set()
        for start in rows:
            path: list[str] = []
            code: object = start
            while isinstance(code, str) and code in rows and code not in done and code not in path:
                path.append(code)
                code = rows[code].get("parent")
            if isinstance(code, str) and code in path:
                circle = " → ".join([*path[path.index(code) :], code])
                yield _wrong(sheet.page, f"{sheet.word}.{code}.parent", f"goes round: {circle}")
            done.update(path)


def _head(draft: Draft) -> Iterator[Mistake]:
    head, page = draft.head, draft.page
    if head is None:
        return
    try:
        ZoneInfo(head.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield _wrong(page, "zone", f"there is no time zone {head.zone}")
    try:
        re.compile(head.identity_pattern)
    except re.error as error:
        yield _wrong(page, "identity_pattern", f"is not a regular expression: {error}")
    if not head.languages:
        yield _wrong(page, "languages", "must name one language at least")
    if len(set(head.languages)) < len(head.languages):
        yield _wrong(page, "languages", "has a language twice")
    for key in ("close_days", "lapse_days"):
        if getattr(head.windows, key) <= head.windows.remind_days:
            yield _wrong(page, f"windows.{key}", "must be more than remind_days, or nobody hears")
    days = head.dossiers.collect_days if head.dossiers else ()
    if any(earlier >= later for earlier, later in pairwise(days)):
        yield _wrong(page, "dossiers.collect_days", "are not one after the other")
    if head.sms.monthly_parts and not head.sms.hotline:
        yield _wrong(page, "sms.hotline", "is missing: whoever has no app must know where to call")
    bounds = head.bounds
    if bounds.west >= bounds.east:
        yield _wrong(page, "bounds", "west must be less than east")
    if bounds.south >= bounds.north:
        yield _wrong(page, "bounds", "south must be less than north")


def _inside_bounds(draft: Draft) -> Iterator[Mistake]:
    if draft.head is None:
        return
    contains = draft.head.bounds.contains
    if not contains(draft.head.centre.lon, draft.head.centre.lat):
        yield _wrong(draft.page, "centre", "lies outside the bounds")
    for sheet in (draft.units, draft.former_units):
        for where, unit in sheet.things:
            if not contains(unit.lon, unit.lat):
                yield _wrong(
                    sheet.page,
                    where,
                    f"{unit.code} at {unit.lon}, {unit.lat} lies outside the city",
                )


def _consents(draft: Draft) -> Iterator[Mistake]:
    if draft.head is None:
        return
    codes = [consent.code for consent in draft.head.privacy.consents]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield _wrong(draft.page, f"privacy.consents.{code}", f"the code {code} is there twice")
    if CONTACT not in codes:
        yield _wrong(draft.page, "privacy.consents", f"there is none with the code {CONTACT}")


def _agencies(draft: Draft) -> Iterator[Mistake]:
    page = draft.agencies.page
    for where, agency in draft.agencies.things:
        if agency.valid_from and agency.valid_to and agency.valid_from > agency.valid_to:
            yield _wrong(page, where, "valid_to comes before valid_from")
        if agency.code == OWN:
            yield _wrong(page, where, f"“{OWN}” means the agency of the report's own unit")
    if len(draft.own.rows) > 1:
        yield _wrong(page, "own", "is there twice")
    for _, own in draft.own.things:
        yield from _own_agencies(page, own)


def _own_agencies(page: Page, own: OwnAgencies) -> Iterator[Mistake]:
    if "{unit}" not in own.code:
        yield _wrong(page, "own.code", "must hold {unit}, or all units have the same")
    for key, text, filled in (
        ("own.code", own.code, {"unit"}),
        *((f"own.name.{language}", text, {"name"}) for language, text in own.name.items()),
    ):
        try:
            unknown = placeholders(text) - filled
        except ValueError as error:
            yield _wrong(page, key, f"has braces that cannot be filled: {error}")
        else:
            for name in sorted(unknown):
                yield _wrong(page, key, f"has {{{name}}}, which is never filled there")


def _routing(draft: Draft) -> Iterator[Mistake]:
    if not draft.agencies.page.readable or not draft.units.page.readable or not draft.own.is_whole:
        return
    governed = {unit for _, unit in draft.agencies.mentions("unit")}
    units = draft.units.codes().keys()
    for where, rule in draft.rules.things:
        if rule.agency != OWN:
            continue
        if not units:
            yield _wrong(draft.rules.page, f"{where}.agency", f"“{OWN}”, but there are no units")
        without = (rule.units & units if rule.units else units) - governed
        if without:
            named = ", ".join(sorted(without)[:5]) + (" …" if len(without) > 5 else "")
            yield _wrong(
                draft.rules.page,
                f"{where}.agency",
                f"“{OWN}”, but {len(without)} units have no agency of their own: {named}",
            )


def _answers(draft: Draft) -> Iterator[Mistake]:
    """A condition on an answer is about a question that is asked, and an answer it can have."""
    for where, rule in draft.rules.things:
        for code, value in rule.answers.items():
            asked = _questions(draft, rule, code)
            key = f"{where}.answers.{code}"
            if draft.categories.is_whole and not asked:
                yield _wrong(draft.rules.page, key, f"no category of this rule asks {code}")
            elif asked and not any(question.accepts(value) for question in asked):
                yield _wrong(draft.rules.page, key, f"{value!r} is no answer to {code}")


def _questions(draft: Draft, rule: Rule, code: str) -> list[Question]:
    return [
        question
        for _, category in draft.categories.things
        if not rule.categories or category.code in rule.categories
        if not rule.fields or category.field in rule.fields
        for question in category.questions
        if question.code == code
    ]


def _choices(draft: Draft) -> Iterator[Mistake]:
    for where, category in draft.categories.things:
        for question in category.questions:
            if (question.kind is QuestionKind.CHOICE) != bool(question.choices):
                yield _wrong(
                    draft.categories.page,
                    f"{where}.questions.{question.code}.choices",
                    "a question of kind choice has choices, and no other",
                )


def _limits(draft: Draft) -> Iterator[Mistake]:
    """Every report has deadlines, whatever its category."""
    page = draft.limits.page
    if not page.readable:
        return
    general = {row.get("priority") for _, row in draft.limits.rows if "category" not in row}
    for priority in Priority:
        if priority not in general:
            yield _wrong(page, "limit", f"there is none for {priority} without a category")


def _calendars(draft: Draft) -> Iterator[Mistake]:
    page = draft.calendars.page
    for where, calendar in draft.calendars.things:
        if calendar.holidays and not _has_holidays(calendar.holidays):
            yield _wrong(page, f"{where}.holidays", f"there is no country {calendar.holidays}")
        if calendar.always == any(calendar.hours):
            yield _wrong(page, where, "must have either hours or always = true")
        for day in sorted(calendar.closed & calendar.open.keys()):
            yield _wrong(page, f"{where}.open.{day}", "is also among the closed days")
        yield from _hours(page, where, calendar)


def _has_holidays(country: str) -> bool:
    try:
        public_holidays(country, 2000)  # of any year
    except LookupError:
        return False
    return True


def _hours(page: Page, where: str, calendar: Calendar) -> Iterator[Mistake]:
    for spans in calendar.hours:
        times = [moment for span in spans for moment in span]
        if any(earlier >= later for earlier, later in pairwise(times)):
            named = ", ".join(f"{start:%H:%M}-{end:%H:%M}" for start, end in spans)
            yield _wrong(page, f"{where}.hours", f"are not one after the other: {named}")
    for day, weekday in calendar.open.items():
        if not calendar.hours[weekday]:
            yield _wrong(page, f"{where}.open.{day}", "that weekday has no hours")


def _wrong(page: Page, where: str, reason: str) -> Mistake:
    return Mistake(page.name, where, reason)


RULES: Final = (
    _head,
    _references,
    _counts,
    _unique_codes,
    _no_circles,
    _inside_bounds,
    _consents,
    _agencies,
    _routing,
    _answers,
    _choices,
    _limits,
    _calendars,
    *ANSWER_RULES,
)
