"""What the reasons and the templates of a pack must be. Each rule is one function."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec.structs import fields

from smartcity.city.answers import Filling, Template
from smartcity.city.draft import Draft
from smartcity.city.messages import STATUSES, placeholders
from smartcity.city.mistakes import Mistake
from smartcity.city.sheets import Sheet

FILLED: Final = frozenset(field.name for field in fields(Filling))


def _statuses(draft: Draft) -> Iterator[Mistake]:
    """What fits a status fits one that there is."""
    sheets: tuple[Sheet[Any], ...] = (draft.reasons, draft.templates)
    for sheet in sheets:
        for where, status in sheet.mentions("statuses"):
            if status not in STATUSES:
                known = ", ".join(STATUSES)
                yield Mistake(
                    sheet.page.name, where, f"there is no status {status}; known are {known}"
                )


def _placeholders(draft: Draft) -> Iterator[Mistake]:
    """Every language fills in the same, and only what there is."""
    page = draft.templates.page.name
    for where, template in draft.templates.things:
        used: dict[str, frozenset[str]] = {}
        for language, text in template.text.items():
            try:
                used[language] = placeholders(text)
            except ValueError as error:
                place = f"{where}.text.{language}"
                yield Mistake(page, place, f"has braces that cannot be filled: {error}")
        yield from _wrongly_used(page, where, template, used)


def _wrongly_used(
    page: str, where: str, template: Template, used: Mapping[str, frozenset[str]]
) -> Iterator[Mistake]:
    every = frozenset[str]().union(*used.values())
    for language in used.keys() & template.text.keys():
        place = f"{where}.text.{language}"
        for name in sorted(used[language] - FILLED):
            known = ", ".join(sorted(FILLED))
            yield Mistake(
                page, place, f"has {{{name}}}, which is never filled there; known are {known}"
            )
        for name in sorted((every & FILLED) - used[language]):
            yield Mistake(page, place, f"lacks {{{name}}}, which another language has")


ANSWER_RULES: Final = (_statuses, _placeholders)
