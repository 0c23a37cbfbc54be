"""What handlers hide of a report, revertibly: words of its texts, regions of its photos, or all of
one of them. What was hidden is kept; what everybody may read is made anew from it each time.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from smartcity.city.model import City
from smartcity.errors import FieldError
from smartcity.reports.model import Report
from smartcity.reports.privacy import HIDDEN, Mask, numbers_in, searchable
from smartcity.reports.requests import Redacted
from smartcity.reports.timeline import Redaction

DESCRIPTION: Final = "description"
ADDRESS: Final = "address"
ANSWERS: Final = "answers"

TARGETS: Final = 50
"""So many texts and photos of one report may be hidden."""

PARTS: Final = 50
"""So many spans of one text, or regions of one photo."""

Span = tuple[int, int]


def covered(report: Report, target: str | UUID) -> Redaction | None:
    """What is hidden of a text or photo of a report, if anything is."""
    name = str(target)
    return next((one for one in report.redactions if one.target == name), None)


def hides(report: Report, target: str | UUID) -> bool:
    """Whether all of a text or photo is hidden."""
    found = covered(report, target)
    return found is not None and found.whole


def shown_text(report: Report, target: str | UUID, text: str) -> str:
    """A text of the report with what is hidden of it left out, numbers in it not yet masked."""
    found = covered(report, target)
    if found is None:
        return text
    return HIDDEN if found.whole else without(text, found.spans)


def without(text: str, spans: Iterable[Span]) -> str:
    """The text with its spans hidden. A number that a span cuts into is hidden whole: what is left
    of it would no longer be known for one.
    """
    kept, end = "", 0
    for start, stop in joined([*spans, *_cut(text, spans)]):
        kept += text[end:start] + HIDDEN
        end = stop
    return kept + text[end:]


def _cut(text: str, spans: Iterable[Span]) -> list[Span]:
    return [
        number
        for number in numbers_in(text)
        if any(start < number[1] and number[0] < stop for start, stop in spans)
    ]


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same characters as spans in order, none of which touch."""
    found: list[Span] = []
    for start, stop in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(stop, found[-1][1]))
        else:
            found.append((start, stop))
    return tuple(found)


def public_words(city: City, report: Report) -> str:
    """What a search looks at: nothing that is hidden."""
    address = report.place.address
    return searchable(
        city,
        shown_text(report, DESCRIPTION, report.description),
        address and shown_text(report, ADDRESS, address),
    )


def public_text(report: Report, target: str | UUID, text: str, mask: Mask) -> str:
    """A text of the report for those who see neither what is hidden nor numbers."""
    return mask(shown_text(report, target, text))


def unhidden(report: Report, files: tuple[UUID, ...]) -> tuple[UUID, ...]:
    """Those of a report's files that everybody may know of."""
    return tuple(file for file in files if not hides(report, file))


def replaced_values(before: dict[str, Any], *, whole: bool) -> dict[str, Any]:
    """What a correction replaced; an address, which may name somebody, only in the `whole`."""
    if whole or "place" not in before:
        return before
    place = {name: value for name, value in before["place"].items() if name != "address"}
    return before | {"place": place}


# --- hiding and showing again --------------------------------------------------------------------


def with_redaction(report: Report, asked: Redacted) -> tuple[Redaction, ...]:
    """What is hidden after some more of a target is: never less than before."""
    before = covered(report, asked.target)
    more = Redaction(target=asked.target, spans=joined(asked.spans), regions=tuple(asked.regions))
    if before is not None and not more.whole:
        more = before if before.whole else _both(before, more)
    return (*_others(report, asked.target), more)


def without_redaction(report: Report, asked: Redacted) -> tuple[Redaction, ...]:
    """What is hidden after all of a target is shown again."""
    return _others(report, asked.target)


def _both(one: Redaction, other: Redaction) -> Redaction:
    return msgspec.structs.replace(
        one,
        spans=joined([*one.spans, *other.spans]),
        regions=tuple(dict.fromkeys((*one.regions, *other.regions))),
    )


def _others(report: Report, target: str) -> tuple[Redaction, ...]:
    return tuple(one for one in report.redactions if one.target != target)


def mistake(report: Report, asked: Redacted, photos: Collection[UUID]) -> FieldError | None:
    """What is wrong with hiding this, if anything is. `photos`: those of its targets that are."""
    found = _target(report, asked.target)
    if found is None:
        return FieldError("redaction.target", "unknown")
    if isinstance(found, UUID):
        wrong = _wrong_in_file(asked, found in photos)
    else:
        wrong = _wrong_in_text(asked, found)
    return wrong or _too_many(report, asked)


def not_hidden(report: Report, asked: Redacted) -> FieldError | None:
    """What is wrong with showing this again, if anything is."""
    if asked.spans or asked.regions:
        return FieldError("redaction", "only_whole")  # what is left would be guessed
    return None if covered(report, asked.target) else FieldError("redaction.target", "unknown")


def _target(report: Report, target: str) -> str | UUID | None:
    """The text, the file's id, or an empty text for answers; none if there is no such thing."""
    texts = {
        DESCRIPTION: report.description,
        ADDRESS: report.place.address,
        ANSWERS: "" if report.answers else None,
    } | {str(entry.id): entry.text for entry in report.timeline}
    files = {str(file): file for file in report.files}
    return texts.get(target) if target in texts else files.get(target)


def _wrong_in_text(asked: Redacted, text: str) -> FieldError | None:
    if asked.regions:
        return FieldError("redaction.regions", "not_of_a_text")
    ordered = all(start < stop <= len(text) for start, stop in asked.spans)
    return None if ordered else FieldError("redaction.spans", "range")


def _wrong_in_file(asked: Redacted, is_photo: bool) -> FieldError | None:
    if asked.spans:
        return FieldError("redaction.spans", "not_of_a_file")
    if asked.regions and not is_photo:
        return FieldError("redaction.regions", "only_whole")
    return None


def _too_many(report: Report, asked: Redacted) -> FieldError | None:
    after: Sequence[Redaction] = with_redaction(report, asked)
    parts = max(max(len(one.spans), len(one.regions)) for one in after)
    too_many = len(after) > TARGETS or parts > PARTS
    return FieldError("redaction", "too_many") if too_many else None
