from hypothesis import given
from hypothesis import strategies as st

from smartcity.identifiers import new_code
from smartcity.identity.staff.password_rules import COMMON, ROWS, is_common

NAMES = ("lan.nguyen", "Hà Nội")


def test_what_people_think_of_first_is_common_in_any_dress():
    for word in COMMON:
        for dressed in (word * 3, f"{word}2345", f"{word.upper()}!!!11", f" {word} {word} "):
            assert is_common(dressed, NAMES), dressed
    for row in ROWS:
        assert is_common((row * 2)[:16], NAMES)
        assert is_common((row[::-1] * 2)[:16], NAMES)
    for named in ("LanNguyen12345", "hanoi-hà-nội-hanoi"):
        assert is_common(named, NAMES)


def test_what_somebody_thought_of_is_not():
    for own in ("correct horse battery staple", "con mèo ngồi trên mái tôn", "Tr0ng-Đầm-Gì-Đẹp"):
        assert not is_common(own, NAMES)


def test_what_the_city_makes_itself_is_never_common():
    for _ in range(200):
        assert not is_common(f"{new_code()}-{new_code()}", NAMES)


@given(st.text(min_size=1, max_size=3), st.integers(4, 80))
def test_repeating_a_little_is_common_however_long(little: str, times: int):
    assert is_common(little * times, NAMES)


@given(st.text(max_size=256))
def test_every_text_gets_an_answer(text: str):
    assert is_common(text, NAMES) in {True, False}
