"""What a dossier looks like to whoever holds its secret, in their language."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from smartcity.city.model import City, Texts
from smartcity.dossiers.deadlines import on_time
from smartcity.dossiers.model import Channel, Dossier, turns
from smartcity.dossiers.statuses import Stage, message_key, stage

CHANNELS: Final[Mapping[int | None, str]] = {
    Channel.COUNTER: "counter",
    Channel.ONLINE: "online",
    Channel.POST: "post",
}


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A code, and what it stands for in the caller's language; the code itself where unknown."""

    code: str
    name: str


class StatusView(msgspec.Struct, frozen=True, kw_only=True):
    """The national status code, what it means, and how far it is from the end."""

    code: int
    text: str
    stage: Stage


class StepView(msgspec.Struct, frozen=True, kw_only=True):
    """A status that the dossier came to."""

    status: int
    text: str
    at: datetime


class DossierView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a dossier stands, as of the time its source last told; never whose it is.

    `on_time` says whether it met its due date, or does so far; absent where there is nothing to
    measure. `collect_place` is where the result waits.
    """

    code: str
    procedure: Named
    agency: Named
    status: StatusView
    steps: list[StepView]
    as_of: datetime
    collect_place: str
    received_at: datetime | None = None
    due_at: datetime | None = None
    finished_at: datetime | None = None
    collected_at: datetime | None = None
    on_time: bool | None = None
    channel: str | None = None


class DossierList(msgspec.Struct, frozen=True, kw_only=True):
    """The followed dossiers, the one told of most recently first; as many as may be followed."""

    items: list[DossierView]


def view(dossier: Dossier, city: City, language: str, at: datetime) -> DossierView:
    """Show a dossier as seen at a time. A result is collected where its source says, else at the
    agency.
    """
    procedure = city.procedures.get(dossier.procedure)
    agency = city.agencies.get(dossier.agency)
    agency_name = _name(agency and agency.name, dossier.agency, language)
    return DossierView(
        code=dossier.code,
        procedure=Named(
            code=dossier.procedure,
            name=_name(procedure and procedure.name, dossier.procedure, language),
        ),
        agency=Named(code=dossier.agency, name=agency_name),
        status=StatusView(
            code=dossier.status,
            text=_text(city, language, dossier.status),
            stage=stage(dossier.status),
        ),
        steps=[
            StepView(status=step.status, text=_text(city, language, step.status), at=step.at)
            for step in turns(dossier.steps)
        ],
        as_of=dossier.as_of,
        collect_place=dossier.collect_place or agency_name,
        received_at=dossier.received_at,
        due_at=dossier.due_at,
        finished_at=dossier.finished_at,
        collected_at=dossier.collected_at,
        on_time=on_time(dossier.steps, dossier.received_at, dossier.due_at, at),
        channel=CHANNELS.get(dossier.channel),
    )


def _name(names: Texts | None, code: str, language: str) -> str:
    return code if names is None else names[language]


def _text(city: City, language: str, status: int) -> str:
    return city.messages.render(language, message_key(status), status=status)
