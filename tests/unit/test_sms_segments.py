"""How many parts a text message has, and how it is made to fit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartcity.notifications.letters.sms.segments import (
    GSM,
    GSM_EXTENSION,
    alphabet_of,
    parts,
    sendable,
    shortened,
)
from smartcity.text import fold, unmarked

PLAIN = st.text(st.sampled_from(sorted(GSM | GSM_EXTENSION)), max_size=900)
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)
VIETNAMESE = st.text(st.sampled_from("Phản ánh về ổ gà ở phường Đống Đa đã được tiếp nhận ước"))
TEXTS = st.one_of(PLAIN, ANY, VIETNAMESE)


def fewest_parts(sizes: list[int], single: int, joined: int) -> int:
    """By the definition: the fewest runs of letters of which none has more than its room."""
    if sum(sizes) <= single:
        return 1
    ends = {0: 0}
    for end in range(1, len(sizes) + 1):
        starts = (s for s in range(max(0, end - joined), end) if sum(sizes[s:end]) <= joined)
        ends[end] = 1 + min(ends[start] for start in starts)
    return ends[len(sizes)]


@given(st.text(st.sampled_from("ab€[\n"), min_size=150, max_size=330))
def test_a_plain_text_has_the_fewest_parts_in_which_no_sign_is_torn(text: str) -> None:
    sizes = [2 if letter in "€[" else 1 for letter in text]
    assert parts(text) == fewest_parts(sizes, 160, 153)


@given(st.text(st.sampled_from("aế😀"), min_size=60, max_size=150))
def test_a_text_with_marks_has_the_fewest_parts_in_which_no_letter_is_torn(text: str) -> None:
    sizes = [len(letter.encode("utf-16-be")) // 2 for letter in text + "ế"]
    assert parts(text + "ế") == fewest_parts(sizes, 70, 67)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("€" * 152, 2),  # 153 places hold 76 of them, and one place is lost
        ("€" * 153, 3),
        ("ế" * 70, 1),
        ("ế" * 71, 2),
        ("ế" * 134, 2),
        ("ế" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("a" * 69 + "ế", 1),
        ("a" * 70 + "ế", 2),
    ],
)
def test_known_texts_have_their_known_parts(text: str, count: int) -> None:
    assert parts(text) == count


@given(TEXTS, st.integers(1, 4))
def test_a_shortened_text_always_fits(text: str, most: int) -> None:
    assert parts(shortened(text, most)) <= most


@given(TEXTS, st.integers(1, 4))
def test_a_text_that_fits_stays_and_of_another_as_much_as_fits(text: str, most: int) -> None:
    short = shortened(text, most)
    if parts(text) <= most:
        assert short == text
        return
    ellipsis = alphabet_of(text).ellipsis
    kept = short.removesuffix(ellipsis)
    assert text.startswith(kept)
    left = text[len(kept) :].lstrip()
    one_more = text[: len(text) - len(left) + 1]
    assert parts(one_more + ellipsis) > most, "no more would have fitted"


@given(ANY)
def test_without_marks_every_text_goes_in_the_alphabet_of_gsm(text: str) -> None:
    assert set(sendable(text, marks=False)) <= GSM | GSM_EXTENSION


@given(VIETNAMESE)
def test_a_vietnamese_text_loses_its_marks_and_nothing_else(text: str) -> None:
    plain = sendable(text, marks=False)
    assert "?" not in plain
    assert fold(plain) == fold(text)
    assert [letter.isupper() for letter in plain] == [letter.isupper() for letter in text]


def test_marks_go_and_case_stays() -> None:
    assert unmarked("Đường Hoà Bình, ĐẶNG, huyện Ứng Hoà") == "Duong Hoa Binh, DANG, huyen Ung Hoa"
    assert sendable("“Ổ gà” – Hà Nội…", marks=False) == '"O ga" - Ha Noi...'
    assert sendable("“Ổ gà” – Hà Nội…", marks=True) == "“Ổ gà” – Hà Nội…"
