import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartcity.city.model import FormerUnit
from smartcity.geography.places import CANDIDATES, find_places
from tests.unit.small_cities import small_city, unit


def former(code: str, name: str, area: str, *now: str) -> FormerUnit:
    return FormerUnit(code=code, name=name, area=area, lon=0.5, lat=0.5, now=now)


HANOI = small_city(
    [
        unit("00004", 0.1, 0.1, name="Phường Ba Đình"),
        unit("00008", 0.2, 0.1, name="Phường Ngọc Hà"),
        unit("00025", 0.3, 0.1, name="Phường Giảng Võ"),
        unit("09556", 0.4, 0.1, name="Phường Hà Đông"),
        unit("09000", 0.5, 0.1, name="Xã Hạ Đông"),
    ],
    [
        former("00007", "Phường Cống Vị", "Quận Ba Đình", "00008", "00025"),
        former("00010", "Phường Ngọc Hà", "Quận Ba Đình", "00008"),
        former("00999", "Xã Cống Vị", "Huyện Sóc Sơn", "09556"),
    ],
)


def found(text: str) -> list[tuple[str, bool]]:
    return [
        (c.former.name, True) if c.former else (HANOI.units[c.units[0]].name["en"], False)
        for c in find_places(HANOI, text)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Phường Cống Vị, Ba Đình",
        "cong vi, ba dinh",
        "Cống Vị Ba Đình",
        "P. Cống Vị, Q. Ba Đình",
        "12 Đội Cấn, phường Cống Vị, quận Ba Đình, Thành phố Hà Nội",
    ],
)
def test_an_address_of_before_the_reform_leads_to_the_units_of_today(text: str) -> None:
    (candidate,) = find_places(HANOI, text)
    assert candidate.former is HANOI.former_units[0]
    assert candidate.units == ("00008", "00025")


def test_a_name_of_today_comes_before_the_same_name_of_before() -> None:
    assert found("Ngọc Hà") == [("Phường Ngọc Hà", False), ("Phường Ngọc Hà", True)]


def test_a_place_comes_before_what_lay_in_an_area_of_that_name() -> None:
    assert found("Ba Đình")[0] == ("Phường Ba Đình", False)
    assert ("Phường Cống Vị", True) in found("Ba Đình")


def test_a_name_that_several_places_had_leads_to_each() -> None:
    assert [c.units for c in find_places(HANOI, "Cống Vị")] == [("00008", "00025"), ("09556",)]


def test_the_very_accents_come_first_and_without_them_all_are_found() -> None:
    assert found("Hạ Đông")[0] == ("Xã Hạ Đông", False)
    assert found("Hà Đông")[0] == ("Phường Hà Đông", False)
    assert set(found("ha dong")) == {("Phường Hà Đông", False), ("Xã Hạ Đông", False)}


def test_a_word_may_be_cut_off() -> None:
    assert ("Phường Giảng Võ", False) in found("giang v")


@pytest.mark.parametrize("text", ["", " , ;", "Atlantis", "12"])
def test_a_text_that_names_no_place_finds_none(text: str) -> None:
    assert find_places(HANOI, text) == []


def test_a_unit_is_found_with_the_larger_one_it_lies_in() -> None:
    city = small_city(
        [
            unit("0", 0.5, 0.5, name="North County"),
            unit("9", 0.5, 0.5, name="South County"),
            unit("1", 0.2, 0.5, "0", name="Springfield"),
            unit("2", 0.7, 0.5, "9", name="Springfield"),
        ]
    )
    assert [c.units for c in find_places(city, "springfield, south county")] == [("2",)]


def test_no_more_are_found_than_anybody_reads() -> None:
    city = small_city([unit(str(n), 0.5, 0.5, name=f"Ward {n}") for n in range(100)])
    assert len(find_places(city, "ward")) == CANDIDATES


@given(st.text(max_size=300))
def test_any_text_is_taken(text: str) -> None:
    assert len(find_places(HANOI, text)) <= CANDIDATES
