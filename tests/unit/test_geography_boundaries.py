import gzip
from pathlib import Path
from typing import Any

import msgspec
import pytest

from smartcity.city.model import City
from smartcity.geography import boundaries as module
from smartcity.geography.boundaries import BoundaryError, Survey, read_boundaries
from smartcity.geography.distances import METRES_PER_DEGREE
from tests.unit.small_cities import polygon, rectangle, small_city, unit

CITY = small_city([unit("1", 0.25, 0.5), unit("2", 0.75, 0.5)])
LEFT, RIGHT = rectangle(0, 0, 0.5, 1), rectangle(0.5, 0, 1, 1)
METRE = 1 / METRES_PER_DEGREE


def feature(code: str | None, geometry: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"code": code}, "geometry": geometry}


def written(folder: Path, *features: dict[str, Any]) -> Path:
    file = folder / "units.geojson"
    file.write_bytes(msgspec.json.encode({"type": "FeatureCollection", "features": features}))
    return file


def accepted(folder: Path, *features: dict[str, Any]) -> Survey:
    return read_boundaries(written(folder, *features), CITY)


def mistakes(folder: Path, *features: dict[str, Any]) -> list[str]:
    with pytest.raises(BoundaryError) as caught:
        accepted(folder, *features)
    return list(caught.value.mistakes)


def test_a_file_that_fits_the_city_is_accepted(tmp_path: Path) -> None:
    survey = accepted(tmp_path, feature("2", RIGHT), feature("1", LEFT))
    assert [b.code for b in survey.boundaries] == ["1", "2"]
    assert survey.slivers == ()
    assert survey.mended == ()


def test_a_packed_file_is_accepted_like_a_plain_one(tmp_path: Path) -> None:
    plain = written(tmp_path, feature("1", LEFT), feature("2", RIGHT))
    packed = tmp_path / "units.geojson.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes(), mtime=0))
    assert [b.code for b in read_boundaries(packed, CITY).boundaries] == ["1", "2"]


def test_the_code_may_be_the_features_id(tmp_path: Path) -> None:
    left = {"type": "Feature", "id": 1, "properties": None, "geometry": LEFT}
    assert len(accepted(tmp_path, left, feature("2", RIGHT)).boundaries) == 2


def test_every_wrong_code_is_named(tmp_path: Path) -> None:
    assert mistakes(
        tmp_path, feature("1", LEFT), feature("1", LEFT), feature("7", RIGHT), feature(None, RIGHT)
    )[:4] == [
        "1: 2 features, instead of one with several polygons",
        "7: not a unit of this city",
        "1 features without a code",
        "2: no boundary",
    ]


def test_larger_units_are_left_out(tmp_path: Path) -> None:
    city = small_city([unit("0", 0.5, 0.5), unit("1", 0.2, 0.5, "0"), unit("2", 0.7, 0.5, "0")])
    features = [
        feature("0", rectangle(0, 0, 1, 1)),
        feature("1", LEFT),
        feature("2", RIGHT),
    ]
    survey = read_boundaries(written(tmp_path, *features), city)
    assert [b.code for b in survey.boundaries] == ["1", "2"]


def test_an_overlap_is_named_with_both_units_and_its_area(tmp_path: Path) -> None:
    wide = rectangle(0, 0, 0.5 + 100 * METRE, 1)
    (mistake,) = mistakes(tmp_path, feature("1", wide), feature("2", RIGHT))
    assert mistake.startswith("overlap of 11,1")
    assert "between 1, 2 at 0.5" in mistake


def test_a_gap_is_named_with_the_units_around_it_and_its_area(tmp_path: Path) -> None:
    notched = polygon(
        (0, 0), (0.5, 0), (0.5, 0.4), (0.5 - 1000 * METRE, 0.5), (0.5, 0.6), (0.5, 1), (0, 1)
    )
    (mistake,) = mistakes(tmp_path, feature("1", notched), feature("2", RIGHT))
    assert mistake.startswith("gap of 11,1")
    assert "between 1, 2 at 0.5" in mistake


def test_a_sliver_is_tolerated_and_told(tmp_path: Path) -> None:
    wide = rectangle(0, 0, 0.5 + 0.001 * METRE, 1)
    survey = accepted(tmp_path, feature("1", wide), feature("2", RIGHT))
    (sliver,) = survey.slivers
    assert (sliver.kind, sliver.units) == ("overlap", ("1", "2"))
    assert sliver.area_m2 == pytest.approx(METRES_PER_DEGREE * 0.001, rel=0.01)


def test_a_border_that_crosses_itself_is_mended_while_it_stays_polygons(tmp_path: Path) -> None:
    bow_tie = polygon((0, 0), (0.5, 1), (0.5, 0), (0, 1))
    survey = accepted(tmp_path, feature("1", bow_tie), feature("2", RIGHT))
    assert survey.mended == ("1",)
    assert all(b.shape.is_valid for b in survey.boundaries)


def test_a_shape_that_collapses_when_mended_is_a_mistake(tmp_path: Path) -> None:
    line = polygon((0, 0), (0.5, 1), (0.25, 0.5))
    (mistake,) = mistakes(tmp_path, feature("1", line), feature("2", RIGHT))
    assert mistake.startswith("1: ")


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        ({"type": "Point", "coordinates": [0.5, 0.5]}, "not a polygon"),
        ({"type": "Polygon", "coordinates": []}, "not a polygon"),
        (rectangle(580_000, 2_320_000, 590_000, 2_330_000), "no degrees of WGS 84"),
        (rectangle(20.9, 100.8, 21.0, 105.9), "no degrees of WGS 84"),
        (rectangle(21, 5, 22, 6), "outside the city's bounds"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}, "1: "),
        ({"type": "Blob"}, "1: "),
    ],
)
def test_a_shape_that_is_no_area_of_the_city_is_a_mistake(
    tmp_path: Path, geometry: dict[str, Any], reason: str
) -> None:
    (mistake,) = mistakes(tmp_path, feature("1", geometry), feature("2", RIGHT))
    assert mistake.startswith("1: ")
    assert reason in mistake


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b'{"type":"Feature"}',
        b'{"type":"FeatureCollection","features":5}',
        b"\xff\xfe",
        gzip.compress(b"x" * 100, mtime=0)[:40],
        b"\x1f\x8bnot gzip",
    ],
)
def test_a_file_that_is_no_collection_is_a_mistake(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "bad.geojson"
    file.write_bytes(content)
    with pytest.raises(BoundaryError, match=r"bad\.geojson"):
        read_boundaries(file, CITY)


def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(BoundaryError, match="missing"):
        read_boundaries(tmp_path / "missing.geojson", CITY)


def test_a_file_that_unpacks_to_too_much_is_refused_before_it_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FILE_BYTES", 1000)
    file = tmp_path / "bomb.geojson.gz"
    file.write_bytes(gzip.compress(b" " * 10_000, mtime=0))
    with pytest.raises(BoundaryError, match="more than 1,000 bytes"):
        read_boundaries(file, CITY)


@pytest.mark.parametrize(
    ("name", "slivers"),
    [
        ("hanoi_boundaries.geojson.gz", [("overlap", ("00562", "00565"))]),
        ("hanoi_boundaries_30m.geojson.gz", []),
    ],
)
def test_hanois_boundaries_are_accepted(
    hanoi: City, shared_data: Path, name: str, slivers: list[tuple[str, tuple[str, str]]]
) -> None:
    survey = read_boundaries(shared_data / name, hanoi)
    assert len(survey.boundaries) == 126
    assert [(s.kind, s.units) for s in survey.slivers] == slivers
