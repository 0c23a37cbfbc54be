"""What is hidden of a text stays hidden, and nothing else does."""

from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from smartcity.city import load_city
from smartcity.reports.moderation import (
    DESCRIPTION,
    covered,
    joined,
    with_redaction,
    without,
    without_redaction,
)
from smartcity.reports.requests import Redacted
from smartcity.settings import PROJECT
from tests.unit.reports_made import make_report

HANOI = load_city(PROJECT / "config" / "hanoi")
TEXT = "abcdefghijklmnopqrstuvwxyz"
spans_of_text = st.lists(
    st.tuples(st.integers(0, 25), st.integers(1, 26)).filter(lambda span: span[0] < span[1]),
    min_size=1,
    max_size=8,
)


@given(spans_of_text)
def test_exactly_the_characters_in_a_span_are_hidden(spans: list[tuple[int, int]]) -> None:
    hidden = {at for start, stop in spans for at in range(start, stop)}
    left = [letter for at, letter in enumerate(TEXT) if at not in hidden]
    assert [letter for letter in without(TEXT, spans) if letter != "•"] == left


@given(spans_of_text)
def test_joined_spans_are_in_order_and_do_not_touch(spans: list[tuple[int, int]]) -> None:
    found = joined(spans)
    assert all(one[1] < other[0] for one, other in pairwise(found))


@given(first=spans_of_text, more=spans_of_text)
def test_hiding_more_never_shows_what_was_hidden_before(
    first: list[tuple[int, int]], more: list[tuple[int, int]]
) -> None:
    report = make_report(HANOI, description=TEXT)
    for spans in (first, more, []):  # none: all of it
        before = covered(report, DESCRIPTION)
        asked = Redacted(target=DESCRIPTION, spans=spans)
        report = msgspec.structs.replace(report, redactions=with_redaction(report, asked))
        after = covered(report, DESCRIPTION)
        assert after is not None
        if before is not None and not after.whole:
            shown = set(without(TEXT, after.spans))
            assert shown <= set(without(TEXT, before.spans))
    asked = Redacted(target=DESCRIPTION, spans=first)
    assert with_redaction(report, asked) == report.redactions  # whole stays whole
    assert without_redaction(report, Redacted(target=DESCRIPTION)) == ()
