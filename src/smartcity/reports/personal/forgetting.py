"""What is left of a report when its person is forgotten. Pure: nothing is written here.

Two ways lead here. Retention: the report was finished long ago, so the link to its sender goes, and
the numbers in its texts are masked for good. Erasure: the person asked. Then photos go at once, and
their words as soon as the report is finished; until then the hole in the road is still there, so an
open report keeps its words, with the numbers masked, and belongs to nobody.
"""

import secrets
from collections.abc import Callable
from typing import Final
from uuid import UUID

import msgspec

from smartcity.city.model import City
from smartcity.identifiers import new_id
from smartcity.reports.model import Entry, Party, Report, Reporter
from smartcity.reports.privacy import Mask, searchable

NOTICE: Final = "privacy.erased"
"""The key of the text that stands in the place of an erased one."""

Rewriting = Callable[[str], str]


class Forgetting:
    """Forgets in one city's words."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._mask = Mask(city)
        self._notice = city.messages.render(city.languages[0], NOTICE)

    def retained(self, report: Report) -> Report:
        """The report without its person, and without numbers in its texts."""
        return self._without_person(report, self._mask)

    def erased(self, report: Report) -> Report:
        """The report of a person who asked to be erased."""
        theirs = photos_of(report)
        report = msgspec.structs.replace(
            report,
            attachments=(),
            files=tuple(file for file in report.files if file not in theirs),
            timeline=tuple(_without_files(entry) for entry in report.timeline),
        )
        if report.is_open:
            after = self._without_person(report, self._mask)
            reporter = msgspec.structs.replace(after.reporter, erasing=True)
            return msgspec.structs.replace(after, reporter=reporter)
        after = self._without_person(report, lambda _: self._notice)
        about = after.subject and msgspec.structs.replace(after.subject, dossier=None)
        return msgspec.structs.replace(after, subject=about)

    def _without_person(self, report: Report, words: Rewriting) -> Report:
        """`words` rewrites what the person wrote; in what others wrote, numbers are masked."""
        nobody = new_id()
        description = words(report.description)
        address = report.place.address and self._mask(report.place.address)
        return msgspec.structs.replace(
            report,
            reporter=Reporter(id=nobody, assurance=report.reporter.assurance),
            # Digests of what was sent: whoever knows all but the number could try out numbers.
            submission=secrets.token_bytes(16),
            submission_body=secrets.token_bytes(16),
            description=description,
            folded=searchable(self._city, description, address),
            place=msgspec.structs.replace(report.place, address=address),
            answers=report.answers
            and {q: words(a) if isinstance(a, str) else a for q, a in report.answers.items()},
            timeline=tuple(self._entry(entry, words, nobody) for entry in report.timeline),
        )

    def _entry(self, entry: Entry, words: Rewriting, nobody: UUID) -> Entry:
        if entry.by.party is not Party.REPORTER:
            return msgspec.structs.replace(entry, text=entry.text and self._mask(entry.text))
        by_operator = entry.by.on_behalf_of is not None
        by = msgspec.structs.replace(
            entry.by,
            id=entry.by.id if by_operator else nobody,
            on_behalf_of=nobody if by_operator else None,
        )
        return msgspec.structs.replace(
            entry, by=by, text=entry.text and words(entry.text), key=None
        )


def photos_of(report: Report) -> frozenset[UUID]:
    """The attachments that came from the reporter."""
    said = (e.attachments for e in report.timeline if e.by.party is Party.REPORTER)
    return frozenset(report.attachments).union(*said)


def _without_files(entry: Entry) -> Entry:
    if entry.by.party is not Party.REPORTER:
        return entry
    return msgspec.structs.replace(entry, attachments=())
