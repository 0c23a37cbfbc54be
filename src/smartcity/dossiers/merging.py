"""How what a source tells joins what is known.

Sources repeat themselves and messages overtake each other. The newest word counts, by the source's
own clock; what it leaves empty is kept from before; every step ever told stays in the timeline. So
telling the same again changes nothing, and the order of telling does not matter.
"""

from typing import Any, Final

import msgspec

from smartcity.dossiers.deadlines import finished_at
from smartcity.dossiers.model import Dossier, first, timeline
from smartcity.dossiers.statuses import Status

KEPT_IF_LEFT_EMPTY: Final = (
    "received_at",
    "due_at",
    "channel",
    "collect_place",
    "applicant",
    "secret",
)


def merged(known: Dossier, told: Dossier) -> Dossier:
    """The dossier after hearing `told`; `known` itself if it says nothing new."""
    newer = (told.as_of, told.status) > (known.as_of, known.status)
    steps = timeline(known.steps, told.steps)
    filled = _filled(told, known) if newer else _filled(known, told)
    turned = newer and told.status != known.status
    if (
        not newer
        and steps == known.steps
        and all(getattr(known, n) == v for n, v in filled.items())
    ):
        return known
    return msgspec.structs.replace(
        told if newer else known,
        id=known.id,
        version=known.version + 1,
        steps=steps,
        finished_at=finished_at(steps),
        collected_at=first(steps, Status.RETURNED),
        batch=told.batch,
        turned_in=told.batch if turned else known.turned_in,
        **filled,
    )


def _filled(newest: Dossier, other: Dossier) -> dict[str, Any]:
    said = {name: getattr(newest, name) for name in KEPT_IF_LEFT_EMPTY}
    return {n: getattr(other, n) if value is None else value for n, value in said.items()}
