"""Whatever happens, and wherever in it a phone asks: it ends with everything there is."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from smartcity.clock import now
from smartcity.feed.publisher import Publisher
from smartcity.feed.store import PUBLISHER, FeedStore
from smartcity.identifiers import new_id
from smartcity.notifications.store import NotificationStore
from smartcity.reports.personal.forgetting import Forgetting
from smartcity.reports.personal.store import PersonalStore
from smartcity.reports.store import ReportStore
from smartcity.storage.leases import Lease
from tests.api.alerting import act, issued
from tests.api.phones import Phone, append_only, publish, synced, tell_one
from tests.api.reporting import pothole
from tests.api.test_dossiers import follow, told
from tests.api.town import Person, Town
from tests.api.working import until
from tests.unit.dossiers_made import row
from tests.unit.test_notifications_inbox import notification
from workers.crew.spine import OUTBOXES

pytestmark = pytest.mark.anyio

UNITS: Final = ("00070", "00082")
STATUSES: Final = ("4", "5", "9", "2")
CATEGORIES: Final = ("epidemic-case", "pothole")
"""One that the public never hears of, and one that it does."""

_numbers = count(1)
_minutes = count(1)


class Life:
    """One person with a phone, their neighbour, and the staff; everything that may happen to them.

    Each move takes a number, which says to what.
    """

    def __init__(self, town: Town, me: Person, id_of_me: UUID, staff: Mapping[str, Person]) -> None:
        self.town = town
        self.me = me
        self.id = id_of_me
        self.phone = Phone(me)
        self._staff = staff
        self._sent: list[str] = []
        self._neighbours: list[str] = []
        self._neighbour: Person | None = None
        self._dossiers: list[int] = []
        self._alerts: list[dict[str, Any]] = []

    # --- what the person does --------------------------------------------------------------------

    async def i_submit(self, _: int) -> None:
        answer = await self.me.submit(pothole(self.town.city))
        self._sent.append(answer.json()["id"])

    async def i_follow(self, which: int) -> None:
        if report := _one_of(self._neighbours + self._sent, which):
            await self.me.ask("PUT", f"/v1/reports/{report}/follow")

    async def i_unfollow(self, which: int) -> None:
        if report := _one_of(self._neighbours + self._sent, which):
            await self.me.ask("DELETE", f"/v1/reports/{report}/follow")

    async def i_follow_a_dossier(self, which: int) -> None:
        number = _one_of(self._dossiers, which)
        if number is None:
            number = next(_numbers)
            self._dossiers.append(number)
            await told(self.town, row(number))
        await follow(self.me, str(row(number)["code"]))

    async def i_unfollow_a_dossier(self, which: int) -> None:
        if number := _one_of(self._dossiers, which):
            await self.me.ask("DELETE", f"/v1/me/dossiers/{row(number)['code']}")

    async def i_read(self, which: int) -> None:
        inbox = (await self.me.get("/v1/me/notifications")).json()["items"]
        if one := _one_of(inbox, which):
            await self.me.ask("POST", "/v1/me/notifications/read", json={"ids": [one["id"]]})

    async def i_follow_units(self, which: int) -> None:
        units = [unit for bit, unit in enumerate(UNITS) if which >> bit & 1]
        await self.me.ask("PATCH", "/v1/devices/me", json={"units": units})

    # --- what others do --------------------------------------------------------------------------

    async def a_neighbour_submits(self, _: int) -> None:
        self._neighbour = self._neighbour or await self.town.device()
        answer = await self._neighbour.submit(pothole(self.town.city))
        self._neighbours.append(answer.json()["id"])

    async def staff_comment(self, which: int) -> None:
        await self._act(which, {"action": "comment", "text": "Chúng tôi sẽ đến xem"})

    async def staff_correct(self, which: int) -> None:
        correction = {"action": "correct", "category": CATEGORIES[which % 2], "text": "Chuyển mục"}
        await self._act(which // 2, correction)

    async def staff_reject(self, which: int) -> None:
        await self._act(which, {"action": "reject", "reason": "no-violation", "text": "Không đúng"})

    async def _act(self, which: int, step: dict[str, Any]) -> None:
        if report := _one_of(self._sent + self._neighbours, which):
            dispatcher = self._staff["dispatcher"]
            seen = (await dispatcher.get(f"/v1/reports/{report}")).json()
            await dispatcher.act(report, step, version=seen["version"])

    async def an_import_tells(self, which: int) -> None:
        if number := _one_of(self._dossiers, which):
            await told(self.town, row(number, **_news(which)))

    async def a_source_tells(self, which: int) -> None:
        if number := _one_of(self._dossiers, which):
            await tell_one(self.town, number, **_news(which))

    async def an_alert_goes_out_or_ends(self, which: int) -> None:
        officer = self._staff["alerter"]
        if self._alerts and which % 2:
            await act(officer, self._alerts.pop(), "cancel")
        else:
            area = {"units": [UNITS[which % len(UNITS)]]}
            self._alerts.append(await issued(officer, area=area))

    # --- what happens behind it ------------------------------------------------------------------

    async def i_am_told(self, which: int) -> None:
        await NotificationStore(self.town.database).add([notification(which, self.id, now())])

    async def an_address_is_found(self, which: int) -> None:
        if report := _one_of(self._sent + self._neighbours, which):
            await ReportStore(self.town.database).give_address(UUID(report), "Phố Huế")

    async def a_report_becomes_nobodys(self, which: int) -> None:
        if report := _one_of(self._sent + self._neighbours, which):
            kept = await ReportStore(self.town.database).find(UUID(report))
            assert kept is not None
            left = Forgetting(self.town.city).erased(kept)
            await PersonalStore(self.town.database).rewrite([(kept, left)])

    async def a_publisher_dies_before_it_clears(self, _: int) -> None:
        await append_only(self.town)

    async def a_little_is_published(self, _: int) -> None:
        lease = Lease(self.town.database, PUBLISHER, new_id().hex, 60)
        await Publisher(FeedStore(self.town.database), lease, OUTBOXES, 1).run_once()
        await lease.release()

    async def all_is_published(self, _: int) -> None:
        await publish(self.town)

    async def my_phone_asks(self, which: int) -> None:
        self.phone.limit = 1 + which
        await self.phone.ask()

    # --- the end ---------------------------------------------------------------------------------

    async def end(self) -> None:
        """Everything is published, and the phone has asked until it was told nothing more."""
        await publish(self.town)
        standing = {alert["id"] for alert in self._alerts}
        for alert in await self._active() - standing:
            await act(self._staff["alerter"], await self._alert(alert), "cancel")
        await publish(self.town)

        async def remembered() -> bool:
            return await self._active() == standing

        await until(remembered)
        await self.phone.sync()  # it may be in the middle of a round
        await self.phone.sync()

    async def _active(self) -> set[str]:
        answer = await self.town.nobody().get("/v1/alerts")
        return {alert["id"] for alert in answer.json()["items"]}

    async def _alert(self, alert: str) -> dict[str, Any]:
        return (await self._staff["alerter"].get(f"/v1/operations/alerts/{alert}")).json()


def _one_of(things: list[Any], which: int) -> Any:
    return things[which % len(things)] if things else None


def _news(which: int) -> dict[str, str]:
    at = datetime(2026, 6, 3, tzinfo=UTC) + timedelta(minutes=next(_minutes))
    return {"status": STATUSES[which % len(STATUSES)], "updated_at": at.isoformat()}


MOVES: Final = tuple(name for name in vars(Life) if not name.startswith("_") and name != "end")
ASKS: Final = "my_phone_asks"

moves = st.tuples(st.sampled_from(MOVES) | st.just(ASKS), st.integers(0, 7))

SHOWN_TO_BE_SUBTLE: Final = (
    [("i_submit", 0), ("a_publisher_dies_before_it_clears", 0), (ASKS, 7), (ASKS, 7)],
    [
        ("a_neighbour_submits", 0),
        ("a_neighbour_submits", 0),
        ("i_follow", 0),
        ("i_follow", 1),
        ("all_is_published", 0),
        (ASKS, 0),
        ("i_unfollow", 1),
        (ASKS, 0),
        ("i_follow", 1),
    ],
)


@pytest.fixture(scope="module")
async def staff(shared_town: Town) -> Mapping[str, Person]:
    return {role: await shared_town.staff(role) for role in ("dispatcher", "alerter")}


@settings(
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(walk=st.lists(moves, min_size=4, max_size=30))
@example(walk=SHOWN_TO_BE_SUBTLE[0])
@example(walk=SHOWN_TO_BE_SUBTLE[1])
async def test_a_phone_that_takes_in_every_answer_ends_with_everything_there_is(
    shared_town: Town, staff: Mapping[str, Person], walk: list[tuple[str, int]]
) -> None:
    me = await shared_town.device()
    me_id = UUID((await me.get("/v1/devices/me")).json()["id"])
    life = Life(shared_town, me, me_id, staff)
    for move, which in walk:
        do: Callable[[int], Awaitable[None]] = getattr(life, move)
        await do(which)
    await life.end()
    assert life.phone.has == (await synced(me)).has
