"""From what a citizen sent to a report: checked against the pack, placed, routed, given deadlines.

Pure but for the clock's time that it is given: nothing is written here.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from msgspec.structs import replace

from smartcity.city.model import Category, City
from smartcity.city.model import Place as PlaceNeed
from smartcity.errors import FieldError, Invalid
from smartcity.geography.units import Located
from smartcity.identifiers import new_code, new_id
from smartcity.identity.roles import Actor, Assurance, Role
from smartcity.reports.clockwork.alarms import wound
from smartcity.reports.deadlines import Clocks
from smartcity.reports.model import Place, Report, Reporter, Routing, Subject
from smartcity.reports.privacy import searchable
from smartcity.reports.requests import Location, NewReport, Step
from smartcity.reports.routing import route
from smartcity.reports.timeline import By, Entry
from smartcity.reports.words import Action, Party, Status


class Places(Protocol):
    """Finds the unit of a point."""

    def locate_or_refuse(self, lon: float, lat: float) -> Located:
        """Raises `OutsideCity` with the city's bounds."""
        ...


def check(data: NewReport, city: City) -> Category:
    """The category of an acceptable submission. Raises `Invalid` with every field that is wrong."""
    category = city.categories.get(data.category)
    if category is None:
        raise Invalid(FieldError("category", "unknown"))
    mistakes = [*_place_mistakes(data, category, city), *_answer_mistakes(data, category)]
    if data.subject and data.subject.agency and data.subject.agency not in city.agencies:
        mistakes.append(FieldError("subject.agency", "unknown"))
    if mistakes:
        raise Invalid(*mistakes)
    return category


def assurance(data: NewReport, actor: Actor) -> Assurance:
    """How sure the city is of who sends this. An operator speaks with the caller on the phone whose
    number is in the report.
    """
    if Role.OPERATOR in actor.roles and data.contact and data.contact.phone:
        return Assurance.PHONE
    return actor.assurance


def place(
    places: Places, location: Location | None, unit: str | None, address: str | None
) -> Place:
    """The place of a point, or of words. Raises `OutsideCity`."""
    if location is None:
        return Place(unit=unit, address=address)
    found = places.locate_or_refuse(location.lon, location.lat)
    return Place(
        lon=location.lon,
        lat=location.lat,
        accuracy_m=location.accuracy_m,
        address=address,
        unit=found.unit,
        approximate=found.approximate,
        near_edge=found.near_edge,
    )


def corrected(places: Places, before: Place, step: Step) -> Place:
    """The place as somebody corrected it: at another point, or the same one described better.
    Raises `OutsideCity`.
    """
    if step.location is not None:
        return place(places, step.location, None, step.address)
    if step.unit is None:
        return replace(before, address=step.address)
    return replace(
        before,
        unit=step.unit,
        address=step.address or before.address,
        approximate=False,
        near_edge=False,
    )


def new_report(
    data: NewReport,
    category: Category,
    where: Place,
    *,
    city: City,
    clocks: Clocks,
    reporter: Reporter,
    submission: tuple[bytes, bytes],
    at: datetime,
) -> Report:
    """The report as it begins. `submission` names it, and is the digest of its body."""
    about = data.subject.agency if data.subject else None
    routed = route(city, category, at, unit=where.unit, answers=data.answers, about=about)
    deadlines = clocks.give(category, category.priority, routed.agency, at)
    attachments = tuple(dict.fromkeys(data.attachments))
    report = Report(
        id=new_id(),
        code=new_code(),
        version=1,
        status=Status.SUBMITTED,
        field=category.field,
        category=category.code,
        priority=category.priority,
        public=category.public,
        description=data.description,
        folded=searchable(city, data.description, data.address),
        place=where,
        location=where.point,
        agency=routed.agency,
        routing=Routing(rule=routed.rule),
        deadlines=deadlines,
        due_at=deadlines.receive_by,
        reporter=reporter,
        submission=submission[0],
        submission_body=submission[1],
        submitted_at=at,
        updated_at=at,
        subject=data.subject and Subject(agency=about, dossier=data.subject.dossier),
        answers=dict[str, Any](data.answers) if data.answers else None,
        attachments=attachments,
        files=attachments,
        timeline=(_first_entry(reporter, at, attachments),),
    )
    return wound(report, Action.SUBMIT, city, clocks, at)


def _first_entry(reporter: Reporter, at: datetime, attachments: tuple[UUID, ...]) -> Entry:
    return Entry(
        id=new_id(),
        at=at,
        action=Action.SUBMIT,
        by=By(
            party=Party.REPORTER,
            id=reporter.by or reporter.id,
            on_behalf_of=reporter.id if reporter.by else None,
        ),
        status=Status.SUBMITTED,
        attachments=attachments,
    )


def _place_mistakes(data: NewReport, category: Category, city: City) -> Iterator[FieldError]:
    if data.unit is not None and data.unit not in city.units:
        yield FieldError("unit", "unknown")
    if category.place is PlaceNeed.REQUIRED and data.location is None:
        if data.address is None:
            yield FieldError("location", "required")
        elif data.unit is None and city.units:
            yield FieldError("unit", "required")
    if category.place is PlaceNeed.SUBJECT and not (
        data.subject and (data.subject.agency or data.subject.dossier)
    ):
        yield FieldError("subject", "required")


def _answer_mistakes(data: NewReport, category: Category) -> Iterator[FieldError]:
    answers = data.answers or {}
    asked = {question.code: question for question in category.questions}
    for code in answers.keys() - asked.keys():
        yield FieldError(f"answers.{code}", "unknown")
    for code, question in asked.items():
        path = f"answers.{code}"
        if code not in answers:
            if question.required:
                yield FieldError(path, "required")
            continue
        if not question.accepts(answers[code]):
            yield FieldError(path, f"not_a_{question.kind}")
