"""What may happen to a report, by whom, and what it takes. Every surface asks this table."""

from collections.abc import Collection
from enum import StrEnum
from typing import Final

import msgspec

from smartcity.errors import Forbidden, IllegalTransition
from smartcity.reports.model import Report
from smartcity.reports.words import OPEN, Action, Party, Status


class Need(StrEnum):
    """What an action must come with. `needs` checks each and says which field is missing."""

    TEXT = "text"
    REASON = "reason"  # a code from the city pack, that fits
    EXPLANATION = "explanation"  # a text, unless the reason's own says all
    AGENCY = "agency"
    ASSIGNEE = "assignee"
    CORRECTION = "correction"  # a category, a priority or a place
    TEXT_OR_PHOTO = "text_or_photo"
    UNTIL = "until"
    PROOF = "proof"  # a photo or document, where the category demands it
    EARLIER_REPORT = "report"
    RATING = "rating"
    WISH = "wish"  # a handler's for a later date
    HELPER = "helper"  # an agency that may be given a task
    DUE = "due"  # perhaps a date for the task
    TASK = "task"  # one that is not finished; the caller's own agency's for its helpers
    WHY = "why"  # where others still have tasks: a supervisor's reason
    REDACTION = "redaction"  # what to hide, or to show again


class Transition(msgspec.Struct, frozen=True):
    """One row. `to` is none where the status stays."""

    action: Action
    sources: frozenset[Status]
    to: Status | None
    by: frozenset[Party]
    needs: frozenset[Need] = frozenset()


S, P, N = Status, Party, Need
ANY: Final = frozenset(Status)
HANDLERS: Final = frozenset({P.HANDLER, P.SUPERVISOR})
TRIAGE: Final = HANDLERS | {P.DISPATCHER}
REPORTER: Final = frozenset({P.REPORTER})
HELPERS: Final = frozenset({P.HELPER})
CLOCK: Final = frozenset({P.CLOCK})
MOVABLE: Final = frozenset({S.SUBMITTED, S.RECEIVED, S.IN_PROGRESS})
WORKED: Final = frozenset({S.RECEIVED, S.IN_PROGRESS})
FINISHED: Final = frozenset({S.RESOLVED, S.REJECTED, S.CLOSED})


def _row(
    action: Action,
    sources: Collection[Status],
    to: Status | None,
    by: Collection[Party],
    *needs: Need,
) -> Transition:
    return Transition(action, frozenset(sources), to, frozenset(by), frozenset(needs))


TRANSITIONS: Final = {
    row.action: row
    for row in (
        #    action           from            to             by        needs
        _row(Action.RECEIVE, {S.SUBMITTED}, S.RECEIVED, HANDLERS),
        # To the other agency's inbox: it has received nothing yet.
        _row(Action.TRANSFER, MOVABLE, S.SUBMITTED, TRIAGE, N.AGENCY, N.TEXT),
        _row(Action.CORRECT, MOVABLE, None, TRIAGE, N.CORRECTION, N.TEXT),
        _row(Action.ASSIGN, WORKED, None, HANDLERS, N.ASSIGNEE),
        _row(Action.START, {S.RECEIVED}, S.IN_PROGRESS, HANDLERS),
        _row(Action.ASK, WORKED, S.WAITING, HANDLERS, N.TEXT),
        _row(Action.ANSWER, {S.WAITING}, S.IN_PROGRESS, REPORTER, N.TEXT_OR_PHOTO),
        # A handler's is a wish; it becomes a new date when a supervisor takes the action.
        _row(Action.EXTEND, WORKED, None, HANDLERS, N.UNTIL, N.TEXT),
        _row(Action.REFUSE_EXTENSION, WORKED, None, {P.SUPERVISOR}, N.WISH, N.TEXT),
        _row(Action.RESOLVE, WORKED, S.RESOLVED, HANDLERS, N.TEXT, N.PROOF, N.WHY),
        # Of what is held no agency knows: only a dispatcher is any party to it (`parties`).
        _row(Action.RELEASE, {S.HELD}, S.SUBMITTED, {P.DISPATCHER}),
        # Once it is worked on, only for a formal reason: see `needs`.
        _row(Action.REJECT, {S.HELD} | MOVABLE, S.REJECTED, TRIAGE, N.REASON, N.EXPLANATION),
        _row(Action.MERGE, MOVABLE, S.MERGED, TRIAGE, N.EARLIER_REPORT),
        # Back to where it was; `effects` knows the status of before. By itself if the earlier one
        # is withdrawn: nobody would work on this one any more.
        _row(Action.UNMERGE, {S.MERGED}, None, TRIAGE | CLOCK, N.TEXT),
        _row(Action.ACCEPT, {S.RESOLVED}, S.CLOSED, REPORTER, N.RATING),
        # Past the pack's limit only a supervisor.
        _row(Action.REOPEN, FINISHED, S.RECEIVED, REPORTER | {P.SUPERVISOR}, N.TEXT),
        _row(Action.WITHDRAW, {S.HELD, S.SUBMITTED, S.RECEIVED}, S.WITHDRAWN, REPORTER),
        _row(Action.CLOSE, {S.RESOLVED}, S.CLOSED, CLOCK),
        _row(Action.LAPSE, {S.WAITING}, S.REJECTED, CLOCK),
        # The question reached nobody: the work goes on without an answer, and somebody phones.
        _row(Action.PROCEED, {S.WAITING}, S.IN_PROGRESS, CLOCK),
        _row(Action.WARN, OPEN, None, CLOCK),
        _row(Action.REMIND, {S.WAITING}, None, CLOCK),
        _row(Action.ANNOUNCE, {S.RESOLVED}, None, CLOCK),
        _row(Action.ESCALATE, OPEN, None, CLOCK | {P.SUPERVISOR}),
        # The lead asks others for help. Their work goes on while the lead waits or changes.
        _row(Action.OPEN_TASK, WORKED | {S.WAITING}, None, HANDLERS, N.HELPER, N.TEXT, N.DUE),
        _row(Action.CANCEL_TASK, OPEN, None, HANDLERS, N.TASK, N.TEXT),
        _row(Action.START_TASK, OPEN, None, HELPERS, N.TASK),
        _row(Action.FINISH_TASK, OPEN, None, HELPERS, N.TASK, N.TEXT_OR_PHOTO),
        _row(Action.DECLINE_TASK, OPEN, None, HELPERS, N.TASK, N.TEXT),
        _row(Action.WARN_TASK, OPEN, None, CLOCK, N.TASK),
        _row(Action.COMMENT, ANY, None, TRIAGE | HELPERS | {P.REPORTER}, N.TEXT_OR_PHOTO),
        _row(Action.NOTE, ANY, None, TRIAGE | HELPERS, N.TEXT),
        # The text is the reason, for the agency alone.
        _row(Action.REDACT, ANY, None, TRIAGE, N.REDACTION, N.TEXT),
        _row(Action.REVEAL, ANY, None, TRIAGE, N.REDACTION, N.TEXT),
        # Who reported it is shown to the dispatcher; the reporter is told, and reads why.
        _row(Action.DISCLOSE, ANY, None, {P.DISPATCHER}, N.TEXT),
    )
}

ADDITIONS: Final = frozenset({Action.COMMENT, Action.NOTE, Action.DISCLOSE})
"""What only adds to the timeline, and changes nothing else."""

WITHOUT_VERSION: Final = ADDITIONS | {
    Action.WARN,
    Action.REMIND,
    Action.ANNOUNCE,
    Action.WARN_TASK,
}
"""Nobody can make a handler's edit fail by commenting, nor does the clock by saying what time it
is: these change nothing that it guards."""

PRIVATE: Final = frozenset({Action.DISCLOSE})
"""The business of the reporter and of officials: the public sees nothing of these."""


def transition(action: Action, report: Report, parties: Collection[Party]) -> Transition:
    """The row for an action on a report.

    Raises `Forbidden` if it is none of the caller's parties' business, and `IllegalTransition` if
    the report's status does not allow it.
    """
    row = row_for(action, parties)
    if row is None or report.status not in row.sources:
        raise IllegalTransition(action=action, status=report.status)
    return row


def row_for(action: Action, parties: Collection[Party]) -> Transition | None:
    """The row for an action, whatever state the report is in; none for submit, the one action that
    has no report yet. Raises `Forbidden` if it is none of the parties' business.
    """
    row = TRANSITIONS.get(action)
    if row is not None and row.by.isdisjoint(parties):
        raise Forbidden
    return row
