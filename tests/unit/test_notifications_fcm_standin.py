# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportPrivateUsage=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
"""The stand-in refuses what FCM would refuse, and takes what it would take."""

import json
from typing import Any

import firebase_admin
import httpx
import pytest
from firebase_admin import credentials, messaging
from google.auth.credentials import AnonymousCredentials

from tests.standins.fcm_messages import violations
from tests.standins.fcm_quick import taken_at_a_glance
from tests.standins.fixtures import Fcm

TARGET = {"fid": "phone"}

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no target": ({"data": {"a": "b"}}, "Recipient of the message is not set."),
    "two targets": (TARGET | {"topic": "unit-1"}, "oneof field 'target' is already set"),
    "a number in data": (
        TARGET | {"data": {"count": 12}},
        "Invalid value at 'message.data[0].value' (TYPE_STRING), 12",
    ),
    "a reserved key": (TARGET | {"data": {"from": "x"}}, "Invalid data payload key: from"),
    "a reserved prefix": (
        TARGET | {"data": {"google.a": "x"}},
        "Invalid data payload key: google.a",
    ),
    "a reserved prefix for android": (
        TARGET | {"android": {"data": {"gcm.notification.x": "x"}}},
        "Invalid data payload key: gcm.notification.x",
    ),
    "an unknown field": (
        TARGET | {"prioritaet": "high"},
        "Unknown name \"prioritaet\" at 'message': Cannot find field.",
    ),
    "an unknown field below": (
        TARGET | {"notification": {"titel": "x"}},
        "Unknown name \"titel\" at 'message.notification': Cannot find field.",
    ),
    "a title that is no text": (
        TARGET | {"notification": {"title": 1}},
        "Invalid value at 'message.notification.title' (TYPE_STRING), 1",
    ),
    "an unknown priority": (TARGET | {"android": {"priority": "urgent"}}, "AndroidMessagePriority"),
    "a lifetime without unit": (TARGET | {"android": {"ttl": "3600"}}, "must end with 's'"),
    "a lifetime in numbers": (TARGET | {"android": {"ttl": 3600}}, "Illegal duration format"),
    "a lifetime over four weeks": (TARGET | {"android": {"ttl": "2419201s"}}, "TTL must be"),
    "a number among Apple's headers": (
        TARGET | {"apns": {"headers": {"apns-priority": 10}}},
        "TYPE_STRING",
    ),
    "a collapse id over 64 bytes": (
        TARGET | {"apns": {"headers": {"apns-collapse-id": "x" * 65}}},
        "BadCollapseId",
    ),
    "an insecure link": (
        TARGET | {"webpush": {"fcm_options": {"link": "http://city.example"}}},
        "HTTPS",
    ),
    "a payload over 4,096 bytes": (TARGET | {"data": {"a": "ư" * 2040}}, "too big"),
    "a payload over 2,048 bytes to a topic": (
        {"topic": "unit-1", "data": {"a": "x" * 2040}},
        "too big",
    ),
    "a payload over 2,048 bytes to topics": (
        {"condition": "'unit-1' in topics", "data": {"a": "x" * 2040}},
        "too big",
    ),
    "a topic with a space": ({"topic": "unit 1"}, "Invalid topic name."),
    "a topic with its old prefix": ({"topic": "/topics/unit-1"}, "Invalid topic name."),
    "an address with a space": ({"fid": "my phone"}, "not a valid FCM registration token"),
    "an unknown kind of push for Apple": (
        TARGET | {"apns": {"headers": {"apns-push-type": "urgent"}}},
        "InvalidPushType",
    ),
    **{
        f"the condition {condition}": ({"condition": condition}, "Invalid condition expression")
        for condition in (
            "unit-1",
            "'unit 1' in topics",
            "'a' in topics && ",
            "'a' in topics 'b' in topics",
            "('a' in topics",
            "'a' in topics ^ 'b' in topics",
            " || ".join(f"'unit-{number}' in topics" for number in range(6)),
        )
    },
}


@pytest.mark.parametrize("what", REFUSED)
def test_it_refuses(fcm: Fcm, what: str) -> None:
    message, sentence = REFUSED[what]
    answer = fcm.post({"message": message})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["status"]) == (400, 400, "INVALID_ARGUMENT")
    assert sentence in error["message"]
    assert fcm.messages() == []


@pytest.mark.parametrize("body", [[], {"messages": {}}, {"message": []}, {}])
def test_it_refuses_a_body_that_is_no_message(fcm: Fcm, body: Any) -> None:
    assert fcm.post(body).status_code == 400


@pytest.mark.parametrize(
    "message",
    [
        TARGET,
        {"token": "x", "notification": {"title": "Ngập", "body": "x"}, "data": {"id": "1"}},
        {"topic": "unit-00004", "data": {"a": "x" * 2000}},
        {"condition": "'a' in topics && 'b' in topics"},
        {"condition": "!('a' in topics) && ('b' in topics || 'c-1' in topics)"},
        {"condition": " || ".join(f"'unit-{number}' in topics" for number in range(5))},
        TARGET | {"data": {"a": "x" * 4060}},
        TARGET | {"android": {"ttl": "3.5s", "priority": "high", "collapseKey": "k"}},
        TARGET | {"fcmOptions": {"analyticsLabel": "alerts"}, "android": None},
        TARGET
        | {
            "apns": {
                "headers": {"apns-collapse-id": "x" * 64, "apns-priority": "5"},
                "payload": {"aps": {"badge": 1, "alert": {"title": "x"}}},
            }
        },
        TARGET | {"webpush": {"headers": {"TTL": "86400"}, "notification": {"renotify": True}}},
    ],
)
def test_it_takes(fcm: Fcm, message: dict[str, Any]) -> None:
    answer = fcm.post({"message": message})
    assert answer.status_code == 200, answer.text
    assert answer.json()["name"].startswith("projects/test/messages/")
    assert [taken["message"] for taken in fcm.messages()] == [message]


def test_it_only_checks_what_is_to_be_validated_only(fcm: Fcm) -> None:
    assert fcm.post({"message": TARGET, "validate_only": True}).status_code == 200
    gone = fcm.post({"message": {"fid": "unregistered-1"}, "validate_only": True})
    assert gone.status_code == 404
    assert fcm.messages() == []


@pytest.mark.parametrize("path", ["/messages:send", "/v1/projects/messages:send", "/fcm/send"])
def test_it_takes_messages_at_fcm_s_address_alone(fcm: Fcm, path: str) -> None:
    assert httpx.post(f"{fcm.url}{path}", json={"message": TARGET}).status_code == 404
    assert httpx.get(f"{fcm.url}/v1/projects/test/messages:send").status_code == 404


def test_it_answers_errors_by_the_address_in_fcm_s_form(fcm: Fcm) -> None:
    answer = fcm.post({"message": {"fid": "unregistered-1"}})
    assert answer.status_code == 404
    assert answer.json() == {
        "error": {
            "code": 404,
            "message": "Requested entity was not found.",
            "status": "NOT_FOUND",
            "details": [
                {
                    "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError",
                    "errorCode": "UNREGISTERED",
                }
            ],
        }
    }


def test_it_answers_the_errors_it_was_told_to_as_often_as_it_was_told(fcm: Fcm) -> None:
    fcm.fault(error="QUOTA_EXCEEDED", times=2, target="phone", retry_after=7)
    assert fcm.post({"message": {"fid": "another"}}).status_code == 200
    answers = [fcm.post({"message": TARGET}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "7"
    assert fcm.counts() == {"taken": 2, "QUOTA_EXCEEDED": 2}


@pytest.mark.parametrize(
    ("error", "words"),
    [("PROJECT_QUOTA", "Message rate"), ("DEVICE_QUOTA", "Device"), ("TOPIC_QUOTA", "Topic")],
)
def test_it_tells_whose_limit_was_met(fcm: Fcm, error: str, words: str) -> None:
    fcm.fault(error=error)
    told = fcm.post({"message": TARGET}).json()["error"]
    fcm_error, quota = told["details"]
    assert (told["status"], fcm_error["errorCode"]) == ("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED")
    assert quota["@type"] == "type.googleapis.com/google.rpc.QuotaFailure"
    assert quota["violations"][0]["description"].startswith(words)


def plain() -> dict[str, Any]:
    """A message as our sender makes it."""
    return {
        "fid": "phone",
        "notification": {"title": "Ngập", "body": "x"},
        "data": {"id": "1", "topic": "report"},
        "android": {"notification": {"tag": "1"}, "ttl": "86400s", "priority": "high"},
        "apns": {
            "headers": {
                "apns-collapse-id": "1",
                "apns-expiration": "1795460140",
                "apns-priority": "5",
            }
        },
        "webpush": {
            "headers": {"TTL": "86400", "Urgency": "high"},
            "notification": {"tag": "1"},
        },
    }


def test_a_message_of_ours_is_taken_at_a_glance() -> None:
    assert not list(violations({"message": plain()}))
    assert taken_at_a_glance(json.dumps({"message": plain()}).encode())


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("fid", ""),
        ("fid", None),
        ("fid", "my phone"),
        ("topic", "unit-1"),
        ("data.from", "x"),
        ("data.message_type", "x"),
        ("data.google", "x"),
        ("data.gcm.x", "x"),
        ("data.id", 1),
        ("data.long", "x" * 4096),
        ("notification.title", 1),
        ("android.ttl", "86400"),
        ("android.ttl", "9999999s"),
        ("android.priority", "urgent"),
        ("apns.headers.apns-collapse-id", "ư" * 40),
        ("apns.headers.apns-priority", "7"),
        ("apns.headers.apns-expiration", "soon"),
        ("webpush.headers.TTL", "soon"),
        ("webpush.headers.Urgency", "urgent"),
        ("prioritaet", "high"),
    ],
)
def test_what_fcm_refuses_is_not_taken_at_a_glance(path: str, value: Any) -> None:
    message = plain()
    *above, name = path.split(".", 2) if path.startswith("apns") else path.split(".", 1)
    if path.startswith("webpush"):
        above, name = ["webpush", "headers"], path.rpartition(".")[2]
    at = message
    for step in above:
        at = at[step]
    at[name] = value
    assert list(violations({"message": message}))
    assert taken_at_a_glance(json.dumps({"message": message}).encode()) is None


def test_it_keeps_who_subscribed_to_a_topic(fcm: Fcm) -> None:
    both = ["phone", "unregistered-1"]
    told = fcm.membership("batchAdd", "unit-1", both)
    assert told.json() == {"results": [{}, {"error": "NOT_FOUND"}]}
    fcm.membership("batchAdd", "unit-1", ["other"])
    fcm.membership("batchRemove", "unit-1", ["phone"])
    assert fcm.topics() == {"unit-1": ["other"]}


def test_it_keeps_what_the_library_tells_it_of_topics(
    fcm: Fcm, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = messaging._MessagingService(library_app())
    monkeypatch.setattr(service, "_fcm_topic_url", f"{fcm.url}/v1/projects/standin/registrations")
    both = service.subscribe_to_topic(["phone", "unregistered-1"], "unit-1")
    assert [(error.index, error.reason) for error in both.errors] == [(1, "UNREGISTERED")]
    assert service.subscribe_to_topic(["phone", "other"], "unit-1").failure_count == 0
    assert fcm.topics() == {"unit-1": ["other", "phone"]}
    assert service.unsubscribe_from_topic(["phone", "nobody"], "unit-1").failure_count == 0
    assert fcm.topics() == {"unit-1": ["other"]}


@pytest.mark.parametrize(("topic", "tokens"), [("unit 1", ["x"]), ("u", []), ("u", ["x"] * 1001)])
def test_it_refuses_memberships_that_the_service_refuses(
    fcm: Fcm, topic: str, tokens: list[str]
) -> None:
    assert fcm.membership("batchAdd", topic, tokens).status_code == 400
    assert fcm.topics() == {}


class Nobody(credentials.Base):
    """The stand-in needs no credentials."""

    def get_credential(self) -> AnonymousCredentials:
        return AnonymousCredentials()


def library_app() -> firebase_admin.App:
    return firebase_admin.App("standin", Nobody(), {"projectId": "standin"})


def test_it_knows_repeats_by_the_notification_s_id(fcm: Fcm) -> None:
    for name in ("a", "b", "a"):
        fcm.post({"message": TARGET | {"data": {"id": name}}})
    assert fcm.ids() == {"different": 2, "repeats": 1}


def test_a_bearer_must_be_one_of_its_own(fcm: Fcm) -> None:
    answer = fcm.post({"message": TARGET}, {"Authorization": "Bearer stolen"})
    assert (answer.status_code, answer.json()["error"]["status"]) == (401, "UNAUTHENTICATED")
