"""Two people act on the same version at once: one does, the other learns how things stand."""

import asyncio
from typing import Any, Final, NamedTuple

import pytest

from smartcity.reports.lifecycle import CLOCK, TRANSITIONS, WITHOUT_VERSION
from smartcity.reports.words import Action
from tests.api.office import ELSEWHERE, LATER, RECEIVE, START, TASK, Office
from tests.api.town import Answer

pytestmark = pytest.mark.anyio

A = Action
Taken = tuple[str, dict[str, Any]]

RECEIVED: Final = (("handler", RECEIVE),)
WORKED: Final = (*RECEIVED, ("handler", START))
WAITING: Final = (*WORKED, ("handler", {"action": "ask", "text": "Ở đâu?"}))
RESOLVED: Final = (*WORKED, ("handler", {"action": "resolve", "text": "Đã vá"}))
HELPED: Final = (*WORKED, ("handler", TASK))


class Clash(NamedTuple):
    """An action that two take at once, and what came before it."""

    action: Action
    who: str
    before: tuple[Taken, ...]
    given: dict[str, Any]


WORDS: Final = {"target": "description"}

CLASHES: Final = (
    Clash(A.RECEIVE, "handler", (), {}),
    Clash(A.TRANSFER, "handler", (), {"agency": ELSEWHERE, "text": "Không thuộc"}),
    Clash(A.CORRECT, "handler", (), {"priority": "urgent", "text": "Nguy hiểm"}),
    Clash(A.ASSIGN, "supervisor", RECEIVED, {"assignee": "somebody"}),
    Clash(A.START, "handler", RECEIVED, {}),
    Clash(A.ASK, "handler", WORKED, {"text": "Ở đâu?"}),
    Clash(A.ANSWER, "reporter", WAITING, {"text": "Ở đây"}),
    Clash(A.EXTEND, "supervisor", WORKED, {"until": LATER, "text": "Chờ vật tư"}),
    Clash(
        A.REFUSE_EXTENSION,
        "supervisor",
        (*WORKED, ("handler", {"action": "extend", "until": LATER, "text": "Chờ"})),
        {"text": "Không"},
    ),
    Clash(A.RESOLVE, "handler", WORKED, {"text": "Đã vá"}),
    Clash(A.REJECT, "handler", RECEIVED, {"reason": "unclear", "text": "Chưa rõ"}),
    Clash(A.MERGE, "handler", (), {"report": "earlier"}),
    Clash(
        A.UNMERGE,
        "handler",
        (("handler", {"action": "merge", "report": "earlier"}),),
        {"text": "Nhầm"},
    ),
    Clash(A.ACCEPT, "reporter", RESOLVED, {"rating": 4}),
    Clash(A.REOPEN, "reporter", RESOLVED, {"text": "Chưa xong"}),
    Clash(A.WITHDRAW, "reporter", RECEIVED, {}),
    Clash(A.ESCALATE, "supervisor", RECEIVED, {}),
    Clash(A.OPEN_TASK, "handler", WORKED, {"agency": ELSEWHERE, "text": "Giúp với"}),
    Clash(A.CANCEL_TASK, "handler", HELPED, {"task": "…", "text": "Không cần nữa"}),
    Clash(A.START_TASK, "helper", HELPED, {"task": "…"}),
    Clash(A.FINISH_TASK, "helper", HELPED, {"task": "…", "text": "Nền tốt"}),
    Clash(A.DECLINE_TASK, "helper", HELPED, {"task": "…", "text": "Không phụ trách"}),
    Clash(A.REDACT, "handler", RECEIVED, {"redaction": WORDS, "text": "Có tên người"}),
    Clash(
        A.REVEAL,
        "handler",
        (("handler", {"action": "redact", "redaction": WORDS, "text": "Có tên người"}),),
        {"redaction": WORDS, "text": "Nhầm"},
    ),
)
"""`somebody` is one of the agency; `earlier` a report that came before."""


def test_every_guarded_action_of_a_person_is_tried() -> None:
    theirs = {action for action, row in TRANSITIONS.items() if row.by != CLOCK}
    tried = {clash.action for clash in CLASHES}
    # Of two who release a held report one wins too: see `test_held`.
    assert tried >= theirs - WITHOUT_VERSION - {A.RELEASE}


@pytest.mark.parametrize("clash", CLASHES, ids=lambda clash: clash.action)
async def test_of_two_at_once_one_acts_and_the_other_learns_the_state(
    ward: Office, clash: Clash
) -> None:
    earlier = await ward.report()
    words = {"earlier": earlier.id, "somebody": await ward.colleague("handler")}
    case = await ward.report(*((who, known(step, words)) for who, step in clash.before))
    step = known({"action": clash.action, **clash.given}, words)
    seen = case.state["version"]
    answers = await asyncio.gather(*(case.act(clash.who, step, version=seen) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 409], answers[0].text
    done, refused = sorted(answers, key=lambda answer: answer.status_code)
    assert refused.json()["code"] == "stale_version"
    assert_current(refused, done)
    kept = await ward.town.database["reports"].find_one({"code": case.receipt["code"]})
    assert kept is not None
    assert kept["version"] == seen + 1
    actions = [entry["action"] for entry in kept["timeline"]]
    assert actions == [*("submit", *(s["action"] for _, s in clash.before)), clash.action]


def known(step: dict[str, Any], words: dict[str, Any]) -> dict[str, Any]:
    return {n: words.get(v, v) if isinstance(v, str) else v for n, v in step.items()}


def assert_current(refused: Answer, done: Answer) -> None:
    """The refusal tells what the winner was answered with."""
    current, state = refused.json()["current"], done.json()
    assert current["version"] == state["version"]
    assert current["status"] == state["status"]
    assert current["updated_at"].replace("+00:00", "Z") == state["updated_at"]
