"""The adapter to FCM, against the stand-in."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from firebase_admin import messaging

from smartcity.identifiers import new_id
from smartcity.identity.devices.model import PushAddress
from smartcity.notifications.fcm.answers import refusal
from smartcity.notifications.fcm.forms import TooLarge, encoded
from smartcity.notifications.fcm.opening import open_fcm
from smartcity.notifications.model import Urgency
from smartcity.notifications.push import (
    NOT_CONFIGURED,
    Limit,
    Outcome,
    PushMessage,
    PushResult,
    PushTopic,
)
from tests.standins.certificates import TRUSTED, self_signed
from tests.standins.fixtures import Fcm, running_fcm

pytestmark = pytest.mark.anyio


def message(fid: str = "phone", **changes: object) -> PushMessage:
    name = new_id()
    plain = PushMessage(
        id=name,
        address=PushAddress("fid", fid),
        title="Phản ánh K7M2 đã được tiếp nhận",
        body="UBND phường Hoàn Kiếm đã tiếp nhận phản ánh về “Ngập úng”.",
        data={"id": str(name), "topic": "report", "subject": str(new_id()), "action": "receive"},
        urgency=Urgency.NORMAL,
    )
    return msgspec.structs.replace(plain, **changes)


async def send(fcm: Fcm, *messages: PushMessage) -> list[PushResult]:
    async with open_fcm(project="hanoi", credentials="", endpoint=fcm.url) as (sender, _):
        return await sender.send(messages)


async def test_a_message_arrives_with_its_words_ids_and_tags(fcm: Fcm) -> None:
    sent = message(urgency=Urgency.HIGH)
    assert await send(fcm, sent) == [PushResult(Outcome.SENT)]
    (taken,) = fcm.messages("phone")
    arrived, tag = taken["message"], str(sent.id)
    assert taken["name"].startswith("projects/hanoi/")
    assert arrived["notification"] == {"title": sent.title, "body": sent.body}
    assert arrived["data"] == sent.data
    assert arrived["android"]["notification"]["tag"] == tag
    assert arrived["apns"]["headers"]["apns-collapse-id"] == tag
    assert arrived["webpush"]["notification"]["tag"] == tag
    assert arrived["android"]["priority"] == "high"
    assert arrived["apns"]["headers"]["apns-priority"] == "10"


async def test_older_apps_are_reached_by_their_registration_token(fcm: Fcm) -> None:
    await send(fcm, message(address=PushAddress("token", "older")))
    (taken,) = fcm.messages("older")
    assert taken["message"]["token"] == "older"
    assert "fid" not in taken["message"]


@pytest.mark.parametrize(
    ("address", "outcome", "reason"),
    [
        ("unregistered-1", Outcome.GONE, "UNREGISTERED"),
        ("mismatch-1", Outcome.GONE, "SENDER_ID_MISMATCH"),
        ("invalid-1", Outcome.FAILED, "INVALID_ARGUMENT"),
        ("thirdparty-1", Outcome.FAILED, "THIRD_PARTY_AUTH_ERROR"),
        ("quota-1", Outcome.RETRY, "QUOTA_EXCEEDED"),
        ("unavailable-1", Outcome.RETRY, "UNAVAILABLE"),
        ("internal-1", Outcome.RETRY, "INTERNAL"),
        ("broken-1", Outcome.RETRY, "connection: BodyDecodeError"),
    ],
)
async def test_every_answer_has_its_policy(
    fcm: Fcm, address: str, outcome: Outcome, reason: str
) -> None:
    (result,) = await send(fcm, message(address))
    assert (result.outcome, result.reason) == (outcome, reason)


async def test_the_results_stand_in_the_order_of_the_messages(fcm: Fcm) -> None:
    fcm.fault(target="slow", delay_s=0.3)
    results = await send(fcm, message("slow"), message("unregistered-1"), message("quick"))
    assert [result.outcome for result in results] == [Outcome.SENT, Outcome.GONE, Outcome.SENT]
    assert [taken["target"] for taken in fcm.messages()] == ["quick", "slow"]


async def test_retry_after_is_kept_in_seconds_or_as_a_date(fcm: Fcm) -> None:
    fcm.fault(error="UNAVAILABLE", retry_after=7)
    assert (await send(fcm, message()))[0].retry_after_s == 7
    later = datetime.now(UTC) + timedelta(seconds=90)
    fcm.fault(error="QUOTA_EXCEEDED", retry_after=format_datetime(later, usegmt=True))
    assert (await send(fcm, message()))[0].retry_after_s == pytest.approx(90, abs=5)


async def test_a_quota_answer_that_names_no_time_means_a_minute(fcm: Fcm) -> None:
    fcm.fault(error="QUOTA_EXCEEDED")
    assert (await send(fcm, message()))[0].retry_after_s == 60


@pytest.mark.parametrize(
    ("error", "retry_after", "limit", "waits_s", "reason"),
    [
        ("PROJECT_QUOTA", 5, Limit.PROJECT, 60, "QUOTA_EXCEEDED"),
        ("PROJECT_QUOTA", 90, Limit.PROJECT, 90, "QUOTA_EXCEEDED"),
        ("DEVICE_QUOTA", None, Limit.DEVICE, 0, "QUOTA_EXCEEDED (device)"),
        ("DEVICE_QUOTA", 5, Limit.DEVICE, 5, "QUOTA_EXCEEDED (device)"),
        ("TOPIC_QUOTA", 5, Limit.TOPIC, 60, "QUOTA_EXCEEDED (topic)"),
    ],
)
async def test_whose_limit_was_met_tells_who_has_to_wait_and_how_long(
    fcm: Fcm, error: str, retry_after: int | None, limit: Limit, waits_s: float, reason: str
) -> None:
    fcm.fault(error=error, retry_after=retry_after)
    (result,) = await send(fcm, message())
    assert result == PushResult(Outcome.RETRY, reason, waits_s, limit)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (502, "<html>Bad gateway</html>", Outcome.RETRY),
        (500, "[]", Outcome.RETRY),
        (418, '{"error": "teapot"}', Outcome.FAILED),
        (403, '{"error": {"status": "PERMISSION_DENIED"}}', Outcome.RETRY),
    ],
)
def test_an_answer_that_is_not_fcm_s_is_judged_by_its_status(
    status: int, body: str, outcome: Outcome
) -> None:
    assert refusal(status, body.encode(), lambda _: None).outcome is outcome


async def test_over_tls_pushes_go_in_http2_to_whom_the_machine_trusts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = self_signed(tmp_path)
    with running_fcm("--tls", str(certificate), str(key)) as untrusted:
        (result,) = await send(untrusted, message())
        assert (result.outcome, result.reason) == (Outcome.RETRY, "connection: ConnectError")
        monkeypatch.setenv(TRUSTED, str(certificate))
        sent = [message(f"phone-{number}") for number in range(300)]
        with running_fcm("--tls", str(certificate), str(key)) as fcm:
            assert await send(fcm, *sent) == [PushResult(Outcome.SENT)] * 300
            taken = fcm.messages()
    assert {one["target"] for one in taken} == {one.address.value for one in sent}
    assert {one["http"] for one in taken} == {"2"}


async def test_an_unreachable_fcm_is_tried_again_later() -> None:
    endpoint = "http://127.0.0.1:9"
    async with open_fcm(project="p", credentials="", endpoint=endpoint) as (sender, _):
        (result,) = await sender.send([message()])
    assert result.outcome is Outcome.RETRY
    assert result.reason is not None
    assert result.reason.startswith("connection")


async def test_without_configuration_every_push_is_told_as_not_sent() -> None:
    async with open_fcm(project="hanoi", credentials="", endpoint="") as (sender, _):
        results = await sender.send([message(), message()])
    assert results == [PushResult(Outcome.NOT_SENT, NOT_CONFIGURED)] * 2


@pytest.mark.parametrize("part", ["title", "body"])
@pytest.mark.parametrize("letter", ["x", "ư", '"', "🌊"])
async def test_a_message_that_is_too_long_loses_the_end_of_its_text_and_arrives(
    fcm: Fcm, part: str, letter: str
) -> None:
    long = message(**{part: letter * 5000})
    assert await send(fcm, long) == [PushResult(Outcome.SENT)]
    (taken,) = fcm.messages("phone")
    words = taken["message"]["notification"][part]
    assert words.endswith(letter + "…")
    assert taken["message"]["data"] == long.data


def test_a_message_of_vietnamese_within_the_limit_is_not_cut() -> None:
    words = "ư" * 1500  # 9,000 bytes as ASCII JSON, 3,000 as FCM counts
    body = json.loads(encoded(message(body=words)))
    assert body["message"]["notification"]["body"] == words


def test_a_message_that_is_too_long_without_its_text_is_refused_here() -> None:
    with pytest.raises(TooLarge):
        encoded(message(data={"id": "x" * 5000}))


async def test_a_topic_takes_half_as_much(fcm: Fcm) -> None:
    topic = PushTopic("unit-00004")
    words = "Ngập úng trên diện rộng. " * 100
    assert await send(fcm, message(address=topic, body=words)) == [PushResult(Outcome.SENT)]
    (taken,) = fcm.messages("unit-00004")
    cut = taken["message"]["notification"]["body"]
    assert cut.endswith("…")
    assert len(cut) > 1000
    assert taken["message"]["topic"] == "unit-00004"


@pytest.mark.parametrize("urgency", Urgency)
@pytest.mark.parametrize(
    "address", [PushAddress("fid", "x"), PushAddress("token", "x"), PushTopic("unit-1")]
)
def test_a_form_that_is_filled_is_what_the_library_makes(
    urgency: Urgency, address: PushAddress | PushTopic
) -> None:
    sent = message(
        urgency=urgency,
        title='Ngập “úng” \\ "@body"',
        body="@title\n@data",
        address=address,
    )
    body = json.loads(encoded(sent))
    assert body == {"message": json.loads(made_by_the_library(sent, body))}


async def test_with_credentials_each_request_bears_an_access_token(
    fcm: Fcm, tmp_path: Path
) -> None:
    file = tmp_path / "account.json"
    file.write_text(json.dumps(service_account(f"{fcm.url}/token")))
    async with open_fcm(project="", credentials=str(file), endpoint=fcm.url) as (sender, _):
        results = await sender.send([message(), message()])
    assert results == [PushResult(Outcome.SENT)] * 2
    assert all(taken["name"].startswith("projects/of-account/") for taken in fcm.messages())


async def test_messages_and_topics_share_the_access_token_of_one_account(
    fcm: Fcm, tmp_path: Path
) -> None:
    file = tmp_path / "account.json"
    file.write_text(json.dumps(service_account(f"{fcm.url}/token")))
    async with open_fcm(project="", credentials=str(file), endpoint=fcm.url) as (sender, topics):
        assert topics is not None
        results = [
            *await sender.send([message()]),
            *await topics.change("city-vi", [PushAddress("fid", "phone")], subscribe=True),
        ]
    assert results == [PushResult(Outcome.SENT)] * 2
    assert fcm.topics() == {"city-vi": ["phone"]}
    assert fcm.counts()["tokens"] == 1


async def test_while_no_access_token_is_to_be_had_everything_waits(
    fcm: Fcm, tmp_path: Path
) -> None:
    file = tmp_path / "account.json"
    file.write_text(json.dumps(service_account(f"{fcm.url}/nothing-here")))
    async with open_fcm(project="", credentials=str(file), endpoint=fcm.url) as (sender, _):
        (result,) = await sender.send([message()])
    assert result == PushResult(Outcome.RETRY, "credentials")


def made_by_the_library(sent: PushMessage, told: dict[str, Any]) -> str:
    tag = str(sent.id)
    high = sent.urgency is Urgency.HIGH
    whole = messaging.Message(
        notification=messaging.Notification(sent.title, sent.body),
        data=dict(sent.data),
        android=messaging.AndroidConfig(
            priority="high" if high else "normal",
            ttl=86400,
            notification=messaging.AndroidNotification(tag=tag),
        ),
        apns=messaging.APNSConfig(
            headers={
                "apns-collapse-id": tag,
                "apns-priority": "10" if high else "5",
                "apns-expiration": told["message"]["apns"]["headers"]["apns-expiration"],
            }
        ),
        webpush=messaging.WebpushConfig(
            headers={"TTL": "86400", "Urgency": sent.urgency.value},
            notification=messaging.WebpushNotification(tag=tag),
        ),
    )
    setattr(whole, sent.address.kind, sent.address.value)
    return str(whole)


def service_account(token_uri: str) -> dict[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {
        "type": "service_account",
        "project_id": "of-account",
        "private_key_id": "1",
        "private_key": pem.decode(),
        "client_email": "push@of-account.example",
        "token_uri": token_uri,
    }
