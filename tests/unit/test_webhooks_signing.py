"""A webhook's receiver can check who sent it, and when."""

from base64 import b64decode
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from smartcity.identifiers import new_id
from smartcity.webhooks.signing import secret_of, signed, written

KEY = b"k" * 32


def test_a_signature_is_that_of_the_standards_own_example() -> None:
    """https://docs.svix.com/receiving/verifying-payloads/how-manual"""
    secret = b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    message, body = "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}'
    assert signed(secret, message, 1614265330, body) == {
        "webhook-id": message,
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@given(st.uuids(), st.uuids(), st.integers(1, 1000), st.integers(1, 1000))
def test_no_two_webhooks_and_no_two_generations_share_a_secret(
    one: UUID, other: UUID, first: int, second: int
) -> None:
    same = secret_of(KEY, one, first) == secret_of(KEY, other, second)
    assert same == ((one, first) == (other, second))


def test_a_secret_is_told_as_the_standard_writes_it() -> None:
    secret = secret_of(KEY, new_id(), 1)
    assert written(secret).startswith("whsec_")
    assert b64decode(written(secret).removeprefix("whsec_")) == secret
