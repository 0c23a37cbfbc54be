"""What waits for somebody, and of which the clock reminds them: a result, a rating."""

from datetime import datetime
from functools import partial
from typing import Any

import pytest

from smartcity.clock import now
from smartcity.dossiers.collecting.store import RoundStore
from tests.api.office import RECEIVE
from tests.api.passing_time import DAY, SOON, at, heard, until
from tests.api.test_dossiers import CODE, follow, told
from tests.api.test_operators import NUMBER, act_for, taken
from tests.api.test_waiting import RESOLVE, handled
from tests.api.town import Person, Town
from tests.unit.dossiers_made import row

pytestmark = pytest.mark.anyio


async def items(person: Person) -> list[dict[str, Any]]:
    return (await person.get("/v1/me/notifications")).json()["items"]


async def all_was_gone_through(town: Town) -> bool:
    last = await RoundStore(town.database).last()
    return last is not None and last.done and last.morning.date() == now().date()


async def has_heard(person: Person, *actions: str) -> bool:
    return await heard(person) == list(actions)


def forenoon(town: Town, moment: datetime) -> datetime:
    return town.city.local(moment).replace(hour=10)


async def test_who_follows_a_dossier_is_reminded_of_its_result_until_it_is_collected(
    hanoi_town: Town,
) -> None:
    assert hanoi_town.city.dossiers
    first, second, last = hanoi_town.city.dossiers.collect_days
    ready_at = now() - DAY
    done = row(1, status="9", updated_at=ready_at.isoformat(), collect_place="Quầy 5, bà Lan")
    await told(hanoi_town, done, row(2, status="9", updated_at=ready_at.isoformat()))
    owner, other = await hanoi_town.device("en"), await hanoi_town.device()
    assert (await follow(owner)).is_success
    async with at(hanoi_town, forenoon(hanoi_town, ready_at + first * DAY)):
        await until(partial(has_heard, owner, "collect"))
        await until(partial(all_was_gone_through, hanoi_town))
        (reminder,) = await items(owner)
    assert reminder["title"] == f"Dossier {CODE}: the result is ready"
    assert "Lan" not in str(reminder)
    async with at(hanoi_town, forenoon(hanoi_town, ready_at + second * DAY)):
        await until(partial(has_heard, owner, "collect", "collect"))
    async with at(hanoi_town, forenoon(hanoi_town, ready_at + last * DAY).replace(hour=8)):
        handed_over = (now() - DAY).isoformat()  # of which we hear late
        await told(hanoi_town, row(1, status="10", updated_at=handed_over))
        await until(partial(has_heard, owner, "collect", "collect", "change"))
    async with at(hanoi_town, forenoon(hanoi_town, ready_at + last * DAY)):
        await until(partial(all_was_gone_through, hanoi_town))
        assert await has_heard(owner, "collect", "collect", "change")
    assert await heard(other) == []


async def test_a_rating_is_asked_for_once_before_the_report_is_closed(hanoi_town: Town) -> None:
    windows = hanoi_town.city.windows
    report, _ = await handled(hanoi_town, RECEIVE, RESOLVE)
    solved_at = now()
    for days in range(windows.close_days):
        async with at(hanoi_town, solved_at + days * DAY + SOON):
            asked = ["announce"] if days >= windows.close_days - windows.remind_days else []
            await until(partial(report.told, "receive", "resolve", *asked))
    reminder = (await items(report.reporter))[0]
    assert reminder["title"].endswith("mời quý vị đánh giá")
    assert "đánh giá kết quả, hoặc yêu cầu mở lại" in reminder["body"]


@pytest.mark.parametrize("by", ["reporter", "operator"])
async def test_who_has_rated_is_asked_no_more_nor_whoever_said_it_on_the_phone(
    hanoi_town: Town, by: str
) -> None:
    rating = {"action": "accept", "rating": 5}
    operator = await hanoi_town.staff("operator")
    receipt = await taken(hanoi_town, operator)
    report = receipt["id"]
    handler = await hanoi_town.staff("handler", agencies=[receipt["agency"]["code"]])
    resolved = await handler.act(report, RECEIVE, RESOLVE, version=1)
    assert resolved.status_code == 200, resolved.text
    version = resolved.json()["version"]
    if by == "operator":
        rated = await act_for(operator, report, version, rating, NUMBER)
    else:
        neighbour = await hanoi_town.device()
        rated = await neighbour.act(report, rating, secret=receipt["secret"])
    assert rated.status_code == 200, rated.text
    assert rated.json()["status"] == "closed"
    kept = await hanoi_town.database["reports"].find_one({"code": receipt["code"]})
    assert kept is not None
    assert (kept["rating"], kept.get("alarm")) == (5, None)
