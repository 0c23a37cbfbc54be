import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartcity.identity.personal import PersonalData, UnreadableError

KEY = bytes(range(32))
personal = PersonalData(KEY)


@given(st.text(max_size=200))
def test_what_was_encrypted_is_read_again(text: str):
    assert PersonalData(KEY).decrypt(personal.encrypt(text)) == text


def test_the_same_text_never_lies_there_twice_the_same():
    assert personal.encrypt("0912345678") != personal.encrypt("0912345678")


def test_the_text_is_not_to_be_seen():
    assert b"Nguyen Van A" not in personal.encrypt("Nguyen Van A")


def test_a_changed_text_is_not_read():
    kept = bytearray(personal.encrypt("0912345678"))
    kept[-1] ^= 1
    with pytest.raises(UnreadableError, match="changed"):
        personal.decrypt(bytes(kept))


def test_another_installation_reads_nothing():
    with pytest.raises(UnreadableError, match="another key"):
        PersonalData(bytes(32)).decrypt(personal.encrypt("0912345678"))
