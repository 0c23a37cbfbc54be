"""What is left of a report when its person is forgotten. Pure: nothing is written here.

Two ways lead here. Retention: the report was finished long ago, so the link to its sender goes, and
the numbers in its texts are masked for good. Erasure: the person asked. Then photos go at once, and
their words as soon as the report is finished; until then the hole in the road is still there, so an
open report keeps its words, with the numbers masked, and belongs to nobody.

What officials wrote is the city's record of its own work: it stays, with numbers masked. What a
handler has hidden of a text that is masked goes for good: its place there is another from now on.
"""

import secrets
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from smartcity.city.model import City
from smartcity.identifiers import new_id
from smartcity.reports.model import Report, Reporter, Task
from smartcity.reports.moderation import (
    ADDRESS,
    ANSWERS,
    DESCRIPTION,
    covered,
    public_words,
    without,
)
from smartcity.reports.privacy import Mask
from smartcity.reports.timeline import By, Entry, Redaction
from smartcity.reports.words import Party, Status

MONTH: Final = timedelta(days=30.4375)
"""The mean one: nobody's data stays longer for having been finished in February."""

NOTICE: Final = "privacy.erased"
"""The key of the text that stands in the place of an erased one."""

Rewriting = Callable[[str], str]


class Forgetting:
    """Forgets in one city's words."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._mask = Mask(city)
        self._keeps = city.privacy.personal_months * MONTH
        self._notice = city.messages.render(city.languages[0], NOTICE)

    def kept_since(self, at: datetime) -> datetime:
        """Reports that were finished before this are nobody's by `at`."""
        return at - self._keeps

    def retained(self, report: Report) -> Report:
        """The report without its person, and without numbers in its texts."""
        return self._without_person(report, self._mask)

    def erased(self, report: Report) -> Report:
        """The report of a person who asked to be erased."""
        theirs = photos_of(report)
        left = msgspec.structs.replace(
            report,
            attachments=(),
            files=tuple(file for file in report.files if file not in theirs),
            timeline=tuple(_without_files(entry) for entry in report.timeline),
        )
        if report.is_open or report.status is Status.HELD:
            after = self._without_person(left, self._mask)
            reporter = msgspec.structs.replace(after.reporter, erasing=True)
            return msgspec.structs.replace(after, reporter=reporter)
        after = self._without_person(left, lambda _: self._notice, without_address=True)
        about = after.subject and msgspec.structs.replace(after.subject, dossier=None)
        return msgspec.structs.replace(after, subject=about)

    def without_guests(self, report: Report, persons: Collection[UUID]) -> Report:
        """Somebody else's report, in which these persons spoke as its reporter."""
        nobody = new_id()
        gone = {file for e in report.timeline if e.by.id in persons for file in e.attachments}
        after = msgspec.structs.replace(
            report,
            files=tuple(file for file in report.files if file not in gone),
            guests=tuple(guest for guest in report.guests if guest not in persons),
            timeline=tuple(
                msgspec.structs.replace(
                    entry,
                    by=msgspec.structs.replace(entry.by, id=nobody),
                    text=entry.text and self._notice,
                    attachments=(),
                    key=None,
                )
                if entry.by.id in persons
                else entry
                for entry in report.timeline
            ),
        )
        return self._rightly_hidden(report, after)

    def _without_person(
        self, report: Report, words: Rewriting, *, without_address: bool = False
    ) -> Report:
        """`words` rewrites what the person wrote; in what others wrote, numbers are masked."""
        nobody = new_id()
        place = report.place
        address = place.address and self._rewritten(report, ADDRESS, place.address, self._mask)
        wish = report.extension
        after = msgspec.structs.replace(
            report,
            reporter=Reporter(id=nobody, assurance=report.reporter.assurance),
            # Digests of what was sent: whoever knows all but the number could try out numbers. An
            # imported report's is of its name in the other system, by which it is known again.
            submission=report.submission if report.source else secrets.token_bytes(16),
            submission_body=secrets.token_bytes(16),
            description=self._rewritten(report, DESCRIPTION, report.description, words),
            place=msgspec.structs.replace(place, address=None if without_address else address),
            answers=report.answers
            and {q: words(a) if isinstance(a, str) else a for q, a in report.answers.items()},
            guests=(),
            tasks=tuple(self._task(task) for task in report.tasks),
            extension=wish and msgspec.structs.replace(wish, text=self._mask(wish.text)),
            timeline=tuple(
                self._entry(report, entry, words, nobody, without_address=without_address)
                for entry in report.timeline
            ),
        )
        after = self._rightly_hidden(report, after)
        return msgspec.structs.replace(after, folded=public_words(self._city, after))

    def _rewritten(self, report: Report, target: str, text: str, words: Rewriting) -> str:
        """A text of the report; where that moves what is hidden of it, without that."""
        after = words(text)
        hidden = covered(report, target)
        if after == text or hidden is None or hidden.whole:
            return after
        return words(without(text, hidden.spans))

    def _entry(
        self, report: Report, entry: Entry, words: Rewriting, nobody: UUID, *, without_address: bool
    ) -> Entry:
        theirs = entry.by.party is Party.REPORTER
        rewriting = words if theirs else self._mask
        text = entry.text and self._rewritten(report, str(entry.id), entry.text, rewriting)
        why = entry.why and self._mask(entry.why)
        same = (text, why) == (entry.text, entry.why)
        return msgspec.structs.replace(
            entry,
            by=_nobodys(entry.by, nobody) if theirs else entry.by,
            text=text,
            why=why,
            before=entry.before and self._replaced(entry.before, without_address=without_address),
            # Its digest of the words would let numbers be tried out as well.
            key=None if theirs or not same else entry.key,
        )

    def _task(self, task: Task) -> Task:
        return msgspec.structs.replace(
            task,
            text=self._mask(task.text),
            answer=task.answer and self._mask(task.answer),
            why=task.why and self._mask(task.why),
        )

    def _replaced(self, before: dict[str, Any], *, without_address: bool) -> dict[str, Any]:
        """What a correction replaced, an old address like the present one."""
        place: dict[str, Any] = before.get("place", {})
        if not place.get("address"):
            return before
        left = {name: value for name, value in place.items() if name != "address"}
        if not without_address:
            left["address"] = self._mask(place["address"])
        return before | {"place": left}

    def _rightly_hidden(self, before: Report, after: Report) -> Report:
        """Nothing is said to be hidden where it is not any more."""
        was, is_now = _targets(before), _targets(after)

        def right(hidden: Redaction) -> bool:
            said, left = was.get(hidden.target), is_now.get(hidden.target)
            if said == left:
                return left is not None
            return left is not None and hidden.whole and left != self._notice

        return msgspec.structs.replace(
            after,
            redactions=tuple(one for one in after.redactions if right(one)),
            timeline=tuple(
                entry
                if entry.redaction is None or right(entry.redaction)
                else msgspec.structs.replace(entry, redaction=None)
                for entry in after.timeline
            ),
        )


def _targets(report: Report) -> dict[str, object]:
    """Everything that something may be hidden of, by its name."""
    return {
        DESCRIPTION: report.description,
        ADDRESS: report.place.address,
        ANSWERS: report.answers,
        **{str(entry.id): entry.text for entry in report.timeline},
        **{str(file): file for file in report.files},
    }


def photos_of(report: Report) -> frozenset[UUID]:
    """The attachments that came from the reporter."""
    said = (e.attachments for e in report.timeline if e.by.party is Party.REPORTER)
    return frozenset(report.attachments).union(*said)


def _nobodys(by: By, nobody: UUID) -> By:
    """For a caller it was an operator, who stays."""
    if by.on_behalf_of is not None:
        return msgspec.structs.replace(by, on_behalf_of=nobody)
    return msgspec.structs.replace(by, id=nobody)


def _without_files(entry: Entry) -> Entry:
    if entry.by.party is not Party.REPORTER:
        return entry
    return msgspec.structs.replace(entry, attachments=())
