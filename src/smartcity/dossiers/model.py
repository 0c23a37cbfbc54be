"""What a dossier is, as MongoDB keeps it: one document with its own timeline."""

from collections.abc import Iterable
from datetime import datetime
from enum import IntEnum
from typing import Final
from uuid import UUID

import msgspec

from smartcity.dossiers.statuses import Status


class Channel(IntEnum):
    """How it was handed in (KenhThucHien)."""

    COUNTER = 1
    ONLINE = 2
    POST = 3


class Step(msgspec.Struct, frozen=True, gc=False):
    """The status that a dossier had from `at` on. A source may tell the same one again later."""

    status: int
    at: datetime


STEP_LIMIT: Final = 500
"""A timeline holds no more: the newest are kept."""


class Dossier(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The document.

    `status` and `as_of` are the newest that any source told; `steps` is everything told, oldest
    first, so that it does not matter in which order sources tell it. `finished_at` and
    `collected_at` follow from the steps. `version` counts every change.
    """

    id: UUID = msgspec.field(name="_id")
    code: str
    version: int
    procedure: str
    agency: str
    status: int
    steps: tuple[Step, ...]
    as_of: datetime
    source: str
    """Which system told it."""
    received_at: datetime | None = None
    due_at: datetime | None = None
    finished_at: datetime | None = None
    collected_at: datetime | None = None
    channel: int | None = None
    collect_place: str | None = None
    """Where the result is collected, in the source's words."""
    applicant: bytes | None = None
    """The name, as ciphertext."""
    secret: bytes | None = None
    """A keyed hash of the secret that look-up needs beside the code."""
    batch: UUID | None = None
    """The chunk of an import that changed it, if that was the last change."""
    turned_in: UUID | None = None
    """The chunk that changed its status, if no single change of status came after. New dossiers,
    which nobody can follow yet, have none.
    """


def timeline(*told: Iterable[Step]) -> tuple[Step, ...]:
    """Everything told, each once, oldest first; at one moment the lower status code first."""
    steps = {(step.at, step.status): step for steps in told for step in steps}
    return tuple(steps[key] for key in sorted(steps)[-STEP_LIMIT:])


def turns(steps: Iterable[Step]) -> list[Step]:
    """A timeline without what was merely told again: each step has another status than the last."""
    kept: list[Step] = []
    for step in steps:
        if not kept or kept[-1].status != step.status:
            kept.append(step)
    return kept


def first(steps: Iterable[Step], status: Status) -> datetime | None:
    """When a timeline first came to a status."""
    return next((step.at for step in steps if step.status == status), None)
