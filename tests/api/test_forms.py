"""Each thing that can be wrong with the form of a value is told in the caller's language."""

import re
from typing import Any, Final

import pytest

from api.forms import FORMS, OTHER
from smartcity.city.messages import FIELDS
from tests.api.office import Office
from tests.api.town import Answer

pytestmark = pytest.mark.anyio

SOME_ID: Final = "0197a0f0-0000-7000-8000-000000000000"
STEPS: Final = f"/v1/reports/{SOME_ID}/actions"
BULK: Final = "/v1/agency/actions"
RECEIVE: Final = {"action": "receive"}
REPORT: Final = {"category": "pothole", "description": "Ổ gà"}
HERE: Final = {"lat": 21.0, "lon": 105.8}

ENGLISH: Final = re.compile(r"\b(?:Expected|Invalid|Object|got|length|of|must|the)\b")

BODIES: Final[tuple[tuple[dict[str, Any], str, str], ...]] = (
    # what is sent as a report                                     where       why
    ({"category": 7}, "category", "wrong_kind"),
    ({"unit": 7}, "unit", "wrong_kind"),
    ({"share_contact": "có"}, "share_contact", "wrong_kind"),
    ({"location": [21, 105]}, "location", "wrong_kind"),
    ({"attachments": {}}, "attachments", "wrong_kind"),
    ({"location": HERE | {"lat": "x"}}, "location.lat", "wrong_kind"),
    ({"answers": {"width": []}}, "answers[...]", "wrong_kind"),
    ({"address": "a" * 301}, "address", "too_long"),
    ({"category": ""}, "category", "too_short"),
    ({"attachments": [SOME_ID] * 21}, "attachments", "too_many"),
    ({"consent": dict.fromkeys("abcdefghijk", "1")}, "consent", "too_many"),
    ({"location": HERE | {"lat": -91}}, "location.lat", "too_low"),
    ({"location": HERE | {"lat": 90.5}}, "location.lat", "too_high"),
    ({"description": " "}, "description", "not_readable"),
    ({"description": "Ổ gà\x00"}, "description", "not_readable"),
    ({"address": "12\x1b[2J"}, "address", "not_readable"),
    ({"answers": {"width": "1\x7f"}}, "answers[...]", "not_readable"),
    ({"contact": {"name": "Lan\x85"}}, "contact.name", "not_readable"),
    ({"contact": {"phone": "0912\x08345678"}}, "contact.phone", "not_readable"),
    ({"contact": {"email": "lan\x00@example.org"}}, "contact.email", "not_as_written"),
    ({"attachments": ["x"]}, "attachments[0]", "not_an_id"),
    ({"category": None}, "category", "wrong_kind"),
    # two that tell all by the word alone
    ({"colour": "red"}, "colour", "unknown"),
    ({"location": {"lat": 21.0}}, "location.lon", "required"),
)
STEPPED: Final[tuple[tuple[dict[str, Any], str, str], ...]] = (
    # what is sent as a step
    ({"action": "dance"}, "action", "unknown"),
    ({"action": "comment", "text": "Có ạ\x07"}, "text", "not_readable"),
    ({"action": "comment", "why": "Vì\x00"}, "why", "not_readable"),
    ({"action": "extend", "until": "mai"}, "until", "not_a_moment"),
    ({"action": "extend", "until": "2027-01-01T00:00:00"}, "until", "without_zone"),
    ({"action": "extend", "until": "2999-01-01T00:00:00Z"}, "", "wrong_year"),
    (
        {"action": "redact", "redaction": {"target": "description", "spans": [[1]]}},
        "redaction.spans[0]",
        "wrong_count",
    ),
)
LISTS: Final[tuple[tuple[str, list[Any], str, str], ...]] = (
    # the whole body is a list: one report's steps in order, many reports' steps
    (STEPS, [RECEIVE, {"action": "assign", "assignee": "Lan"}], "[1].assignee", "not_an_id"),
    (STEPS, [RECEIVE, {"action": "dance"}], "[1].action", "unknown"),
    (STEPS, [RECEIVE, {"action": "start", "colour": "red"}], "[1].colour", "unknown"),
    (STEPS, [RECEIVE, {}], "[1].action", "required"),
    (STEPS, [RECEIVE, "start"], "[1]", "wrong_kind"),
    (BULK, [{"report": "R-1", "version": 1, "steps": RECEIVE}], "[0].report", "not_an_id"),
    (BULK, [{"report": SOME_ID, "version": 1, "steps": [{}]}], "[0].steps[0].action", "required"),
)
ADDRESSES: Final = (
    ("/v1/reports?limit=0", "limit", "too_low"),
    ("/v1/reports?limit=mười", "limit", "wrong_kind"),
    ("/v1/reports?radius_m=0", "radius_m", "not_above"),
    ("/v1/reports?text=a", "text", "too_short"),
    ("/v1/statistics/overview?by=colour", "by", "unknown"),
    ("/v1/statistics/counts?month=2026", "month", "not_as_written"),
    ("/v1/reports?" + "&".join(["status=closed"] * 51), "status", "too_many"),
    ("/v1/reports/similar?category=pothole&lat=x&lon=105", "lat", "wrong_kind"),
)


def told(answer: Answer, path: str, reason: str) -> str:
    """The text of the one field that is wrong, if it is that one."""
    (field,) = answer.json()["fields"]
    assert (answer.status_code, field["path"], field["reason"]) == (400, path, reason), answer.text
    return field.get("text", "")


async def in_both_languages(ward: Office, method: str, address: str, **given: Any) -> list[Answer]:
    headers = {"Idempotency-Key": "form"} if method == "POST" else {}
    return [
        await ward["reporter"].ask(
            method, address, headers=headers | {"Accept-Language": language}, **given
        )
        for language in ("vi", "en")
    ]


@pytest.mark.parametrize(("body", "path", "reason"), BODIES)
async def test_a_report_that_is_not_of_its_form_is_refused_in_the_callers_language(
    ward: Office, body: dict[str, Any], path: str, reason: str
) -> None:
    vi, en = await in_both_languages(ward, "POST", "/v1/reports", json=REPORT | body)
    in_vietnamese, in_english = told(vi, path, reason), told(en, path, reason)
    assert not ENGLISH.search(in_vietnamese)
    assert bool(in_english) == bool(in_vietnamese) == (reason not in {"unknown", "required"})
    assert not in_english or in_english != in_vietnamese


@pytest.mark.parametrize(("body", "path", "reason"), STEPPED)
async def test_a_step_that_is_not_of_its_form_is_refused_in_the_callers_language(
    ward: Office, body: dict[str, Any], path: str, reason: str
) -> None:
    vi, en = await in_both_languages(ward, "POST", STEPS, json=body)
    assert not ENGLISH.search(told(vi, path, reason))
    told(en, path, reason)


@pytest.mark.parametrize(("address", "body", "path", "reason"), LISTS)
async def test_a_mistake_in_a_list_is_told_with_its_place_in_it(
    ward: Office, address: str, body: list[Any], path: str, reason: str
) -> None:
    person = ward["handler" if address == BULK else "reporter"]
    told(await person.ask("POST", address, json=body), path, reason)


@pytest.mark.parametrize(("address", "path", "reason"), ADDRESSES)
async def test_a_parameter_that_is_not_of_its_form_is_refused_in_the_callers_language(
    ward: Office, address: str, path: str, reason: str
) -> None:
    vi, en = await in_both_languages(ward, "GET", address)
    assert not ENGLISH.search(told(vi, path, reason))
    told(en, path, reason)


async def test_a_limit_that_was_passed_is_named(ward: Office) -> None:
    vi, en = await in_both_languages(
        ward, "POST", "/v1/reports", json=REPORT | {"address": "a" * 301}
    )
    assert told(vi, "address", "too_long") == "Chỉ được có tối đa 300 ký tự."
    assert told(en, "address", "too_long") == "This may have 300 characters at the most."


async def test_a_body_that_was_cut_off_is_unreadable(ward: Office) -> None:
    for answer in await in_both_languages(ward, "POST", "/v1/devices", content=b'{"platform": '):
        (field,) = answer.json()["fields"]
        assert (answer.status_code, field["reason"]) == (400, "unreadable")


def test_every_form_has_a_text() -> None:
    assert {reason for _, reason in FORMS} | {OTHER} == set(FIELDS)
