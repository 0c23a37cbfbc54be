"""Sources repeat themselves and messages overtake each other; the result does not depend on it."""

from itertools import permutations
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from smartcity.dossiers.merging import merged
from smartcity.dossiers.model import STEP_LIMIT, Dossier, timeline, turns
from tests.unit.dossiers_made import told


def word(status: int, day: int, due: int) -> Dossier:
    at = f"2026-06-{day:02}T09:00:00Z"
    return told(status=str(status), updated_at=at, due_at=f"2026-07-{due:02}")


DAYS = st.integers(1, 28)
ROWS = st.lists(
    st.builds(word, status=st.integers(1, 12), day=DAYS, due=DAYS),
    min_size=1,
    max_size=4,
    unique_by=lambda dossier: (dossier.as_of, dossier.status),
)


def heard(dossiers: Any) -> Dossier:
    first, *others = dossiers
    known = first
    for dossier in others:
        known = merged(known, dossier)
    return known


def said(dossier: Dossier) -> dict[str, Any]:
    """All that sources say, without our own ids and counts."""
    ours = {"id", "version", "batch", "turned_in", "applicant"}
    return {n: v for n, v in msgspec.structs.asdict(dossier).items() if n not in ours}


@given(ROWS)
def test_the_order_of_telling_does_not_matter(dossiers: list[Dossier]) -> None:
    expected = said(heard(dossiers))
    for order in permutations(dossiers):
        assert said(heard(order)) == expected


@given(ROWS)
def test_telling_again_changes_nothing(dossiers: list[Dossier]) -> None:
    known = heard(dossiers)
    for dossier in dossiers:
        assert merged(known, dossier) is known


def test_the_newest_word_counts_and_what_it_leaves_empty_is_kept() -> None:
    early = told(status="4", updated_at="2026-06-02", agency="H26.1", collect_place="Quầy 5")
    late = told(status="9", updated_at="2026-06-05", agency="H26.2", applicant=None)
    for after in (merged(early, late), merged(late, early)):
        assert (after.status, after.agency, after.collect_place) == (9, "H26.2", "Quầy 5")
        assert after.applicant == early.applicant
        assert [step.status for step in after.steps] == [4, 9]


def test_a_dossier_keeps_its_id_and_counts_its_changes() -> None:
    known = told(status="4", updated_at="2026-06-02")
    after = merged(known, told(status="9", updated_at="2026-06-05"))
    assert (after.id, after.version) == (known.id, 2)


def test_a_dossier_that_is_opened_again_is_not_finished() -> None:
    done = told(status="9", updated_at="2026-06-05")
    assert done.finished_at is not None
    assert merged(done, told(status="4", updated_at="2026-06-06")).finished_at is None


def test_a_timeline_is_bounded_and_keeps_the_newest() -> None:
    steps = [
        msgspec.structs.replace(told().steps[0], at=told().as_of.replace(microsecond=ms * 1000))
        for ms in range(STEP_LIMIT + 10)
    ]
    kept = timeline(steps[:300], steps[200:])
    assert list(kept) == steps[10:]
    assert turns(kept) == [kept[0]]
