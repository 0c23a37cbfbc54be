"""The pack's answers for one report: the templates filled in, and the reasons that fit."""

from datetime import datetime
from typing import Any, Final

from msgspec import UNSET, UnsetType
from msgspec.structs import asdict

from smartcity.city.answers import Answer, Filling, Reason, Template
from smartcity.city.model import Category, City
from smartcity.reports.lifecycle import TRANSITIONS
from smartcity.reports.model import Report
from smartcity.reports.shapes import View
from smartcity.reports.words import Action, Status

UNKNOWN: Final = "…"
"""Stands where a report lacks what a template asks for: whoever answers fills it in."""


class TemplateView(View, frozen=True, kw_only=True):
    """A text for an action on one report, to be edited before it is sent."""

    code: str
    name: str
    action: Answer
    text: str


class ReasonChoice(View, frozen=True, kw_only=True):
    """A reason that a report can be rejected for; `text` is what the reporter will read beside the
    officer's own words. A `formal` one needs no words, and hides the report for good.
    """

    code: str
    name: str
    text: str
    formal: bool
    statuses: list[str] | UnsetType = UNSET


class ReasonList(View, frozen=True, kw_only=True):
    items: list[ReasonChoice]


class AnswerList(View, frozen=True, kw_only=True):
    """What fits one report as it is now."""

    templates: list[TemplateView]
    reasons: list[ReasonChoice]


class Answers:
    """The answers of one city's pack."""

    def __init__(self, city: City) -> None:
        self._city = city

    def for_report(self, report: Report, language: str) -> AnswerList:
        """The templates of what may be done with the report now, and the reasons for rejecting it
        now. In a language of the city.
        """
        possible = {action for action, row in TRANSITIONS.items() if report.status in row.sources}
        values = asdict(self._filling(report, language))
        return AnswerList(
            templates=[
                TemplateView(
                    code=template.code,
                    name=template.name[language],
                    action=template.action,
                    text=_filled(template, language, values),
                )
                for template in self._city.templates
                if Action(template.action) in possible
                and template.fits(report.category, report.field, report.status)
            ],
            reasons=[
                _choice(reason, language)
                for reason in self._city.reasons.values()
                if Action.REJECT in possible
                and reason.fits(report.category, report.field, report.status)
                and (reason.formal or report.status is not Status.IN_PROGRESS)
            ],
        )

    def reasons(self, category: Category | None, language: str) -> ReasonList:
        """Every reason, or those that a report of a category can be rejected for in some status."""
        return ReasonList(
            items=[
                _choice(reason, language)
                for reason in self._city.reasons.values()
                if category is None or reason.fits(category.code, category.field)
            ]
        )

    def _filling(self, report: Report, language: str) -> Filling:
        city, unit = self._city, self._city.units.get(report.place.unit or "")
        category, agency = city.categories.get(report.category), city.agencies.get(report.agency)
        return Filling(
            code=report.code,
            category=category.name[language] if category else report.category,
            agency=agency.name[language] if agency else report.agency,
            unit=unit and unit.name[language],
            address=report.place.address,
            due=self._moment(report.deadlines.resolve_by, language),
        )

    def _moment(self, moment: datetime, language: str) -> str:
        """As the language writes it, in the city's zone."""
        return self._city.local(moment).strftime(
            self._city.messages.texts[language]["formats.moment"]
        )


def _filled(template: Template, language: str, values: dict[str, Any]) -> str:
    known = {name: UNKNOWN if value is None else value for name, value in values.items()}
    return template.text[language].format_map(known)


def _choice(reason: Reason, language: str) -> ReasonChoice:
    return ReasonChoice(
        code=reason.code,
        name=reason.name[language],
        text=reason.text[language],
        formal=reason.formal,
        statuses=sorted(reason.statuses) or UNSET,
    )
