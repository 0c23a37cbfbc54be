"""The stand-in refuses what FCM would refuse, and takes what it would take."""

from typing import Any

import pytest

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
    "a topic with a space": ({"topic": "unit 1"}, "Invalid topic name."),
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
    assert fcm.messages() == []


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


def test_a_bearer_must_be_one_of_its_own(fcm: Fcm) -> None:
    answer = fcm.post({"message": TARGET}, {"Authorization": "Bearer stolen"})
    assert (answer.status_code, answer.json()["error"]["status"]) == (401, "UNAUTHENTICATED")
