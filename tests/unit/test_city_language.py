"""Which of the city's languages an `Accept-Language` header gets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartcity.city import City
from smartcity.city.language import negotiate


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "vi"),
        ("en", "en"),
        ("EN", "en"),
        ("en-GB", "en"),
        ("en-GB,en;q=0.9,vi;q=0.8", "en"),
        ("vi;q=0.8, en;q=0.9", "en"),
        ("en;q=0.5, vi;q=0.5", "en"),  # equal: the header's order
        ("fr, en;q=0.1", "en"),
        ("fr", "vi"),
        ("*", "vi"),
        ("*, vi;q=0", "en"),
        ("vi;q=0", "vi"),  # an answer in another language is better than none
        ("en-GB;q=0, *;q=0.1, en;q=0.2", "en"),
        ("en;q=2", "vi"),  # no quality
        ("en;q=0.1234", "vi"),
        ("en;;;q", "vi"),
        ("english", "vi"),
        ("\x00\xff,en", "en"),
    ],
)
def test_the_language_that_fits_best_is_chosen(header: str, language: str) -> None:
    assert negotiate(header, ("vi", "en")) == language


def test_a_range_is_served_by_a_more_special_language() -> None:
    assert negotiate("pt, en;q=0.5", ("en", "pt-BR")) == "pt-BR"


def test_without_a_header_the_citys_first_language_is_spoken(hanoi: City, boston: City) -> None:
    assert hanoi.language(None) == "vi"
    assert boston.language("vi") == "en"


@given(st.text(max_size=2000))
def test_whatever_stands_in_the_header_the_answer_is_a_language_of_the_city(header: str) -> None:
    assert negotiate(header, ("vi", "en")) in {"vi", "en"}


@given(
    st.lists(
        st.tuples(st.sampled_from(["vi", "en", "fr"]), st.integers(0, 1000)),
        unique_by=lambda part: part[0],
    )
)
def test_no_language_of_a_higher_quality_was_passed_over(parts: list[tuple[str, int]]) -> None:
    header = ", ".join(f"{tag};q={quality / 1000:.3f}" for tag, quality in parts)
    qualities = dict(parts)
    chosen = negotiate(header, ("fr", "en", "vi"))
    assert qualities.get(chosen, 0) == max(qualities.values(), default=0)


def test_who_reads_no_language_of_the_city_s_reads_its_first(hanoi: City, boston: City) -> None:
    assert [hanoi.spoken(one) for one in ("en", "fr", None)] == ["en", "vi", "vi"]
    assert boston.spoken("vi") == "en"
