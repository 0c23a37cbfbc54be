"""Dossier codes, as printed and as typed."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartcity.dossiers.codes import CodeError, normalise, parse


def test_a_code_of_the_older_form_is_taken_apart() -> None:
    code = parse("000.A0.01.H26-210212-9090")
    assert (code.issuer, code.day, code.number) == ("000.A0.01.H26", date(2021, 2, 12), 9090)


def test_a_code_of_the_newer_form_is_taken_apart() -> None:
    code = parse("G09.20-20260609-0092637")
    assert (code.issuer, code.day, code.number) == ("G09.20", date(2026, 6, 9), 92637)


@pytest.mark.parametrize(
    "typed",
    ["g09.20-20260609-0092637", " G09.20 - 20260609 - 0092637\n", "G09.20–20260609—0092637"],
)
def test_case_spaces_and_long_dashes_do_not_count(typed: str) -> None:
    assert parse(typed).text == "G09.20-20260609-0092637"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "H26",
        "H26-210212",
        "H26-210212-909",  # too short a number
        "H26-210212-90901234",  # too long a one
        "H26-2102121-9090",  # neither form of the day
        "H26-210231-9090",  # no such day
        "H26-20261301-9090",  # no such month
        "H26-٢١٠٢١٢-9090",  # digits, but not ours
        "H26_X-210212-9090",
        "A" * 60 + "-210212-9090",
    ],
)
def test_what_is_no_code_is_refused(typed: str) -> None:
    with pytest.raises(CodeError):
        parse(typed)


@given(st.text(max_size=100))
def test_no_text_breaks_the_parser(typed: str) -> None:
    try:
        code = parse(typed)
    except CodeError:
        return
    assert parse(code.text) == code
    assert normalise(code.text) == code.text
