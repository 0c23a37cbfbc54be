"""The words in which a report is told: where it stands, what is done to it, and by whom."""

from enum import StrEnum
from typing import Final


class Status(StrEnum):
    HELD = "held"  # waits for a dispatcher; no agency has heard of it
    SUBMITTED = "submitted"
    RECEIVED = "received"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"
    RESOLVED = "resolved"
    REJECTED = "rejected"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


OPEN: Final = frozenset({Status.SUBMITTED, Status.RECEIVED, Status.IN_PROGRESS, Status.WAITING})


class Action(StrEnum):
    SUBMIT = "submit"
    RECEIVE = "receive"
    TRANSFER = "transfer"
    CORRECT = "correct"
    ASSIGN = "assign"
    START = "start"
    ASK = "ask"
    ANSWER = "answer"
    EXTEND = "extend"
    RESOLVE = "resolve"
    REJECT = "reject"
    MERGE = "merge"
    UNMERGE = "unmerge"
    ACCEPT = "accept"
    REOPEN = "reopen"
    WITHDRAW = "withdraw"
    CLOSE = "close"
    LAPSE = "lapse"
    PROCEED = "proceed"
    WARN = "warn"
    REMIND = "remind"
    ANNOUNCE = "announce"
    ESCALATE = "escalate"
    REFUSE_EXTENSION = "refuse_extension"
    OPEN_TASK = "open_task"
    START_TASK = "start_task"
    FINISH_TASK = "finish_task"
    DECLINE_TASK = "decline_task"
    CANCEL_TASK = "cancel_task"
    WARN_TASK = "warn_task"
    COMMENT = "comment"
    NOTE = "note"
    DISCLOSE = "disclose"
    RELEASE = "release"
    REDACT = "redact"
    REVEAL = "reveal"


class Party(StrEnum):
    """What somebody is to one report."""

    REPORTER = "reporter"  # the device that sent it, or whoever holds its receipt
    HANDLER = "handler"  # staff of its agency
    SUPERVISOR = "supervisor"  # head of its agency, or of one above
    DISPATCHER = "dispatcher"
    HELPER = "helper"  # staff of an agency that was given a task in it
    CLOCK = "clock"
    STRANGER = "stranger"


class TaskStatus(StrEnum):
    OPEN = "open"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    DECLINED = "declined"
    CANCELLED = "cancelled"


UNFINISHED: Final = frozenset({TaskStatus.OPEN, TaskStatus.IN_PROGRESS})
