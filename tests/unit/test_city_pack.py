"""The two packs of this repository: they load, and look-ups in them answer."""

import time
from datetime import date
from pathlib import Path
from shutil import copytree

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from smartcity.city import City, load_city
from smartcity.city.messages import NOTIFICATIONS, STATUSES
from smartcity.city.model import Agency, Place, Priority, Publicity, Question, QuestionKind
from smartcity.reports import tasks
from smartcity.reports.words import Action, Status
from smartcity.settings import PROJECT

CONFIG = PROJECT / "config"


def test_hanoi_has_its_126_units_each_with_an_agency_of_its_own(hanoi: City) -> None:
    assert len(hanoi.units) == 126
    assert len(hanoi.former_units) == 526
    assert {unit.kind for unit in hanoi.units.values()} == {"phường", "xã"}
    for unit in hanoi.units:
        agency = hanoi.own_agency(unit, date(2026, 1, 1))
        assert agency is not None
        assert agency.unit == unit


def test_an_agency_made_from_a_unit_is_named_as_officials_write_it(hanoi: City) -> None:
    agency = hanoi.agencies["ubnd-00004"]
    assert agency.name == {
        "vi": "Ủy ban nhân dân phường Ba Đình",
        "en": "People's Committee of Ba Dinh",
    }
    assert agency.parent == "ubnd-tp"


def test_hanoi_marks_which_deadlines_are_settled(hanoi: City) -> None:
    general = {limit.priority: limit for limit in hanoi.limits if limit.category is None}
    assert {limit.receive_h for limit in general.values()} == {8}
    assert general[Priority.URGENT].resolve_h == 4
    assert [p for p, limit in general.items() if limit.settled] == [Priority.URGENT]
    assert all(limit.source for limit in hanoi.limits)


def test_hanoi_works_the_days_that_were_swapped(hanoi: City) -> None:
    office = hanoi.calendars["office"]
    assert office.open == {date(2026, 1, 10): 4, date(2026, 8, 22): 0}
    assert {date(2026, 1, 2), date(2026, 8, 31), date(2026, 11, 24)} <= office.closed


def test_health_cases_are_never_public(hanoi: City) -> None:
    assert hanoi.categories["epidemic-case"].public is Publicity.NEVER


def test_emergencies_name_the_police_the_fire_brigade_or_the_ambulance(hanoi: City) -> None:
    numbers = {c.emergency.number for c in hanoi.categories.values() if c.emergency}
    assert numbers == {"113", "114", "115"}


def test_complaints_about_an_office_need_no_place(hanoi: City) -> None:
    assert hanoi.categories["officer-conduct"].place is Place.SUBJECT


def test_boston_speaks_english_and_has_no_units(boston: City) -> None:
    assert boston.languages == ("en",)
    assert not boston.units
    assert len(boston.agencies) == 16
    assert boston.dispatch == "INFO"


def test_hanoi_loads_in_less_than_a_third_of_a_second() -> None:
    began = time.process_time()
    load_city(CONFIG / "hanoi")
    assert time.process_time() - began < 0.3


def test_a_pack_elsewhere_uses_the_projects_own_words(tmp_path: Path) -> None:
    copytree(CONFIG / "boston", tmp_path / "somewhere" / "boston")
    city = load_city(tmp_path / "somewhere" / "boston")
    assert city.messages.render("en", "status.closed") == "Closed"


def test_the_words_cover_every_status_and_action_of_the_lifecycle() -> None:
    assert set(STATUSES) == set(Status)
    unheard = {Action.NOTE, Action.REDACT, Action.REVEAL, *tasks.EFFECTS} - {Action.WARN_TASK}
    assert set(Action) - unheard <= set(NOTIFICATIONS)
    assert unheard.isdisjoint(NOTIFICATIONS)


def test_an_agency_is_valid_from_its_first_day_to_its_last(hanoi: City) -> None:
    assert not hanoi.agency_valid("so-xay-dung", date(2025, 2, 28))
    assert hanoi.agency_valid("so-xay-dung", date(2025, 3, 1))
    assert hanoi.agency_valid("so-giao-thong-van-tai", date(2025, 2, 28))
    assert not hanoi.agency_valid("so-giao-thong-van-tai", date(2025, 3, 1))
    assert not hanoi.agency_valid("nobody", date(2025, 3, 1))


def test_a_units_agency_is_the_one_of_the_day(hanoi: City) -> None:
    old = Agency(
        code="old", name={"vi": "Cũ", "en": "Old"}, unit="00004", valid_to=date(2025, 6, 1)
    )
    city = msgspec.structs.replace(hanoi, agencies={"old": old, **hanoi.agencies})
    assert city.own_agency("00004", date(2025, 6, 1)) == old
    assert city.own_agency("00004", date(2025, 6, 2)) is None
    assert city.own_agency("00004", date(2025, 7, 1)) == hanoi.agencies["ubnd-00004"]
    assert city.own_agency("00000") is None


@given(parents=st.lists(st.none() | st.integers(0, 20), max_size=20))
def test_below_an_agency_is_whoever_reaches_it_going_up(
    boston: City, parents: list[int | None]
) -> None:
    """Each agency's parent comes before it in the list, so that there are no circles."""
    agencies = {
        str(number): Agency(
            code=str(number),
            name={},
            parent=None if parent is None or not number else str(parent % number),
        )
        for number, parent in enumerate(parents)
    }
    city = msgspec.structs.replace(boston, agencies=agencies)

    def ways_up(code: str) -> set[str]:
        parent = agencies[code].parent
        return {code} | (ways_up(parent) if parent else set())

    for code in agencies:
        assert city.below(code) == {other for other in agencies if code in ways_up(other)}


def test_a_question_takes_answers_of_its_kind() -> None:
    def question(kind: QuestionKind) -> Question:
        return Question(code="q", kind=kind, text={}, choices={"a": {}})

    assert question(QuestionKind.TEXT).accepts("a")
    assert question(QuestionKind.NUMBER).accepts(1.5)
    assert not question(QuestionKind.NUMBER).accepts(True)
    assert question(QuestionKind.BOOLEAN).accepts(False)
    assert not question(QuestionKind.BOOLEAN).accepts(0)
    assert question(QuestionKind.CHOICE).accepts("a")
    assert not question(QuestionKind.CHOICE).accepts("b")
