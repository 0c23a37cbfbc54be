"""The filters of lists and queues, as they stand in an address, read once for all of them."""

from collections.abc import Collection
from typing import Annotated
from uuid import UUID

import msgspec
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from api.agency.scope import within
from smartcity.city.model import Bounds, City, Priority
from smartcity.clock import now
from smartcity.errors import FieldError, Invalid
from smartcity.identity.roles import Actor, Role
from smartcity.reports.lists.model import OPEN_TABS, QUEUED, Order, QueueFilter, Standing
from smartcity.reports.requests import ReportFilter
from smartcity.reports.words import Party
from smartcity.text import folded_words

Codes = Annotated[
    list[Annotated[str, msgspec.Meta(max_length=64)]] | None, QueryParameter(max_items=50)
]


Box = Annotated[
    str | None, QueryParameter(max_length=100, description="west,south,east,north in degrees.")
]


async def provide_wanted(
    city: NamedDependency[City],
    status: Codes = None,
    category: Codes = None,
    field: Codes = None,
    unit: Codes = None,
    agency: Codes = None,
    bbox: Box = None,
    near: Annotated[
        str | None, QueryParameter(max_length=60, description="lat,lon in degrees.")
    ] = None,
    radius_m: Annotated[float, QueryParameter(gt=0, le=10_000)] = 500.0,
    text: Annotated[
        str | None,
        QueryParameter(
            min_length=2,
            max_length=200,
            description="Words or their beginnings, with or without accents; or a report's code.",
        ),
    ] = None,
) -> ReportFilter:
    """The dependency `wanted`. Raises `Invalid` for a code that the city does not have, for a place
    that is none, and for a text without a word: a slip of the pen is no empty list.
    """
    _refuse_unknown(
        status=(status, QUEUED),
        category=(category, city.categories),
        field=(field, city.fields),
        unit=(unit, city.units),
        agency=(agency, city.agencies),
    )
    if text is not None and not folded_words(text):
        raise Invalid(FieldError("text", "no_words"))
    return ReportFilter(
        status=frozenset(status or ()),
        category=frozenset(category or ()),
        field=frozenset(field or ()),
        unit=frozenset(unit or ()),
        agency=frozenset(agency or ()),
        bbox=None if bbox is None else parse_bbox(bbox),
        near=None if near is None else _near(near),
        radius_m=radius_m,
        text=text,
    )


async def provide_queued(
    actor: NamedDependency[Actor],
    city: NamedDependency[City],
    wanted: NamedDependency[ReportFilter],
    priority: Codes = None,
    assignee: Annotated[
        str | None, QueryParameter(max_length=36, description="An id, `me`, or `none`.")
    ] = None,
    overdue: Annotated[bool, QueryParameter(description="Past the next deadline.")] = False,
    at_risk: Annotated[
        bool, QueryParameter(description="The clock has warned of it; with `overdue`, either.")
    ] = False,
    escalated: Annotated[
        bool, QueryParameter(description="What was escalated to the caller, whoever has it.")
    ] = False,
    wishes: Annotated[
        bool, QueryParameter(description="Those that a handler wishes a later date for.")
    ] = False,
    sort: Annotated[
        Order | None,
        QueryParameter(description="By default `deadline`, and `newest` for finished reports."),
    ] = None,
) -> QueueFilter:
    """The dependency `queued`: what is asked of the queue, held to what the caller works for."""
    _refuse_unknown(priority=(priority, frozenset(Priority)))
    finished = not wanted.status <= frozenset(OPEN_TABS)
    if finished and sort is Order.DEADLINE:
        raise Invalid(FieldError("sort", "finished_have_no_deadline"))
    theirs = msgspec.structs.replace(wanted, agency=within(wanted.agency, actor, city))
    return QueueFilter(
        **msgspec.structs.asdict(theirs),
        as_of=now(),
        order=sort or (Order.NEWEST if finished else Order.DEADLINE),
        priority=frozenset(priority or ()),
        assignee=_assignee(assignee, actor),
        unassigned=assignee == "none",
        overdue=overdue,
        at_risk=at_risk,
        escalated=escalated,
        wishes=wishes,
        standing=_standing(wanted.agency, actor, city),
    )


def _standing(asked: frozenset[str], actor: Actor, city: City) -> Standing:
    """What is escalated to the caller: to the supervisors of their agencies, to the dispatchers,
    under whatever agency they were when it was.
    """
    rungs: dict[Party, frozenset[str]] = {}
    if Role.SUPERVISOR in actor.roles:
        rungs[Party.SUPERVISOR] = actor.agencies
    if Role.DISPATCHER in actor.roles:
        rungs[Party.DISPATCHER] = frozenset(city.agencies)
    return Standing(rungs, asked)


def _assignee(asked: str | None, actor: Actor) -> UUID | None:
    if asked is None or asked == "none":
        return None
    try:
        return actor.own_id if asked == "me" else UUID(asked)
    except ValueError as error:
        raise Invalid(FieldError("assignee", "not_an_id")) from error


def _refuse_unknown(**asked: tuple[Collection[str] | None, Collection[str]]) -> None:
    """Raises `Invalid` with each filter that names something which is not among the known."""
    mistakes = [
        FieldError(name, "unknown")
        for name, (given, known) in asked.items()
        if any(code not in known for code in given or ())
    ]
    if mistakes:
        raise Invalid(*mistakes)


def parse_bbox(text: str) -> Bounds:
    """`west,south,east,north`, not over the antimeridian. Raises `Invalid`."""
    west, south, east, north = _numbers(text, 4, "bbox")
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise Invalid(FieldError("bbox", "not_a_box"))
    return Bounds(west=west, south=south, east=east, north=north)


def _near(text: str) -> tuple[float, float]:
    lat, lon = _numbers(text, 2, "near")
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise Invalid(FieldError("near", "not_a_point"))
    return lon, lat


def _numbers(text: str, count: int, name: str) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != count:
        raise Invalid(FieldError(name, f"not_{count}_numbers"))
    return numbers
