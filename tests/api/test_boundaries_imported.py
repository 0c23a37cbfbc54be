"""Where a point lies, before and after exact boundaries were imported."""

from pathlib import Path

import pytest

from smartcity.geography.boundaries import read_boundaries
from smartcity.geography.store import BoundaryStore
from tests.api.town import Town

pytestmark = pytest.mark.anyio

IN_HAI_PHONG = {"lat": 20.8449, "lon": 106.6881}
IN_HANOI = {"lat": 21.0285, "lon": 105.8542}


async def test_before_the_import_every_answer_says_that_it_is_approximate(hanoi_town: Town) -> None:
    answer = await hanoi_town.nobody().get("/v1/units", params=IN_HANOI)
    assert answer.json()["approximate"] is True


async def test_after_the_import_every_units_interior_point_lies_in_its_own_unit(
    hanoi_town: Town, shared_data: Path
) -> None:
    survey = read_boundaries(shared_data / "hanoi_boundaries.geojson.gz", hanoi_town.city)
    assert len(survey.boundaries) == len(hanoi_town.city.units) == 126
    await BoundaryStore(hanoi_town.database).save(survey.boundaries, "test")
    await hanoi_town.until_areas_are_exact()
    nobody = hanoi_town.nobody()
    for boundary in survey.boundaries:
        point = boundary.shape.representative_point()
        found = (await nobody.get("/v1/units", params={"lat": point.y, "lon": point.x})).json()
        assert [unit["code"] for unit in found["items"]] == [boundary.code]
        assert found["approximate"] is False
    outside = await nobody.get("/v1/units", params=IN_HAI_PHONG)
    assert (outside.status_code, outside.json()["code"]) == (422, "outside_city")
    assert {"west", "south", "east", "north"} <= outside.json().keys()
