from collections.abc import AsyncIterator
from typing import Any

import pytest
from litestar import Litestar, Request
from litestar.di import Provide
from litestar.testing import AsyncTestClient

from api.citizen.places import CityController
from api.conditional import ConditionalRequests
from api.errors import Problems
from smartcity.city.model import City
from smartcity.geography.boundaries import Boundary
from smartcity.geography.current import CurrentAreas
from smartcity.geography.shapes import from_geojson
from smartcity.geography.store import BoundaryStore
from smartcity.storage.mongo import Database

pytestmark = pytest.mark.anyio

Client = AsyncTestClient[Litestar]
LAKE = {"lat": 21.0288, "lon": 105.8523}


def supplied(value: object) -> Provide:
    return Provide(lambda: value, sync_to_thread=False)


@pytest.fixture
def areas(hanoi: City, database: Database) -> CurrentAreas:
    return CurrentAreas(hanoi, BoundaryStore(database))


@pytest.fixture
async def client(hanoi: City, areas: CurrentAreas) -> AsyncIterator[Client]:
    async def language(request: Request[Any, Any, Any]) -> str:
        return hanoi.language(request.headers.get("accept-language"))

    app = Litestar(
        [CityController],
        dependencies={
            "city": supplied(hanoi),
            "areas": supplied(areas),
            "language": Provide(language),
        },
        exception_handlers=Problems(hanoi).handlers,
        middleware=[ConditionalRequests()],
    )
    async with AsyncTestClient(app) as made:
        yield made


async def units(client: Client, **query: Any) -> Any:
    answer = await client.get("/v1/units", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_caller_learns_what_the_city_is_in_their_language(
    client: Client, hanoi: City
) -> None:
    vietnamese = (await client.get("/v1/city")).json()
    english = (await client.get("/v1/city", headers={"Accept-Language": "en"})).json()
    assert (vietnamese["name"], english["name"]) == ("Thành phố Hà Nội", "Hanoi")
    assert english["languages"] == ["vi", "en"]
    assert english["zone"] == "Asia/Ho_Chi_Minh"
    assert english["approximate"] is True
    bounds = english["bounds"]
    assert bounds["west"] < english["centre"]["lon"] < bounds["east"]
    assert bounds["south"] < english["centre"]["lat"] < bounds["north"]
    numbers = [emergency["number"] for emergency in english["emergency"]]
    assert numbers
    assert len(numbers) == len(set(numbers))


async def test_every_category_comes_with_its_form(client: Client, hanoi: City) -> None:
    answer = (await client.get("/v1/categories", headers={"Accept-Language": "en"})).json()
    assert [item["code"] for item in answer["items"]] == list(hanoi.categories)
    fields = {field["code"] for field in answer["fields"]}
    for item in answer["items"]:
        category = hanoi.categories[item["code"]]
        assert item["field"] in fields
        assert item["name"] == category.name["en"]
        assert len(item["questions"]) == len(category.questions)
        assert ("emergency" in item) == (category.emergency is not None)
        for question in item["questions"]:
            assert ("choices" in question) == (question["kind"] == "choice")


@pytest.mark.parametrize("path", ["/v1/city", "/v1/categories", "/v1/units"])
async def test_what_a_caller_has_already_is_not_sent_again(client: Client, path: str) -> None:
    first = await client.get(path, headers={"Accept-Language": "vi"})
    assert first.headers["cache-control"] == "public, max-age=300"
    assert first.headers["vary"] == "Accept-Language, Authorization, Cookie"
    assert first.headers["content-language"] == "vi"
    known = {"Accept-Language": "vi", "If-None-Match": first.headers["etag"]}
    again = await client.get(path, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    english = await client.get(path, headers={**known, "Accept-Language": "en"})
    assert english.status_code == 200


async def test_where_am_i_answers_with_the_unit_and_its_agency(client: Client, hanoi: City) -> None:
    answer = await units(client, **LAKE)
    assert answer["approximate"] is True
    assert answer["near_edge"] in {True, False}
    (unit,) = answer["items"]
    agency = hanoi.own_agency(unit["code"])
    assert agency is not None
    assert unit["name"] == hanoi.units[unit["code"]].name["vi"]
    assert unit["agency"] == {"code": agency.code, "name": agency.name["vi"]}


async def test_imported_boundaries_answer_exactly(
    client: Client, areas: CurrentAreas, database: Database
) -> None:
    square = b"""{"type": "Polygon", "coordinates":
        [[[105.8, 21.0], [105.9, 21.0], [105.9, 21.1], [105.8, 21.1], [105.8, 21.0]]]}"""
    await BoundaryStore(database).save([Boundary("00004", from_geojson(square))], "square")
    await areas.refresh()
    answer = await units(client, **LAKE)
    assert [unit["code"] for unit in answer["items"]] == ["00004"]
    assert (answer["approximate"], answer["near_edge"]) == (False, False)
    assert (await client.get("/v1/city")).json()["approximate"] is False


async def test_a_point_outside_the_city_is_refused_with_its_bounds(
    client: Client, hanoi: City
) -> None:
    answer = await client.get("/v1/units", params={"lat": 10.78, "lon": 106.7})
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == "outside_city"
    assert (problem["west"], problem["north"]) == (hanoi.bounds.west, hanoi.bounds.north)


async def test_a_name_of_before_the_reform_leads_to_todays_units(client: Client) -> None:
    answer = await units(client, q="Phường Cống Vị, Ba Đình")
    assert [unit["name"] for unit in answer["items"]] == ["Phường Ngọc Hà", "Phường Giảng Võ"]
    assert {unit["former"]["name"] for unit in answer["items"]} == {"Phường Cống Vị"}
    assert "approximate" not in answer


async def test_a_name_of_today_needs_no_accents(client: Client) -> None:
    first, *_ = (await units(client, q="hoan kiem"))["items"]
    assert first["name"] == "Phường Hoàn Kiếm"
    assert "former" not in first


async def test_without_a_question_all_units_are_listed(client: Client, hanoi: City) -> None:
    answer = await units(client)
    assert [unit["code"] for unit in answer["items"]] == list(hanoi.units)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"lat": "21.0"}, "lon"),
        ({"lon": "105.8"}, "lat"),
        ({"lat": "21.0", "lon": "105.8", "q": "x"}, "q"),
        ({"lat": "91", "lon": "105.8"}, "lat"),
        ({"lat": "nan", "lon": "105.8"}, "lat"),
        ({"lat": "21", "lon": "inf"}, "lon"),
        ({"lat": "x", "lon": "105.8"}, "lat"),
        ({"q": ""}, "q"),
        ({"q": "x" * 201}, "q"),
    ],
)
async def test_a_question_of_another_form_is_a_problem_that_names_the_field(
    client: Client, query: dict[str, str], field: str
) -> None:
    answer = await client.get("/v1/units", params=query)
    assert answer.status_code == 400
    problem = answer.json()
    assert problem["code"] == "invalid"
    assert field in [f["path"] for f in problem["fields"]]
