"""Many actions in one request: side by side within a bound, and every outcome is told."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

import pytest
from pymongo.errors import ServerSelectionTimeoutError
from structlog.testing import capture_logs

from api.agency.actions import AT_ONCE, Bulk, BulkAction
from smartcity.city.model import City
from smartcity.identifiers import new_id
from smartcity.identity.roles import Actor, Role
from smartcity.reports.requests import Step
from smartcity.reports.service import ReportService
from smartcity.reports.words import Action
from tests.unit.reports_made import make_report

pytestmark = pytest.mark.anyio

HANDLER = Actor(roles=frozenset({Role.HANDLER}), id=new_id())


class Counting:
    """A service that notes how many act at once; on `fatal` reports it meets with `error`."""

    def __init__(
        self, city: City, fatal: UUID | None = None, error: Exception | None = None
    ) -> None:
        self.report = make_report(city)
        self.acting = 0
        self.most = 0
        self._fatal = fatal
        self._error = error

    async def act(self, report: UUID, _steps: Sequence[Step], _actor: Actor, **_: Any) -> Any:
        if report == self._fatal and self._error is not None:
            raise self._error
        self.acting += 1
        self.most = max(self.most, self.acting)
        await asyncio.sleep(0.01)
        self.acting -= 1
        return self.report, None


def bulk(service: Counting, city: City) -> Bulk:
    return Bulk(HANDLER, cast(ReportService, service), city, "en")


def received(report: UUID) -> BulkAction:
    return BulkAction(report=report, version=1, steps=Step(action=Action.RECEIVE))


async def test_reports_are_acted_upon_side_by_side_within_a_bound(hanoi: City) -> None:
    service = Counting(hanoi)
    done = await bulk(service, hanoi).outcomes([received(new_id()) for _ in range(50)])
    assert all(outcome.done for outcome in done)
    assert service.most == AT_ONCE


async def test_one_report_is_acted_upon_one_action_after_the_other(hanoi: City) -> None:
    service, report = Counting(hanoi), new_id()
    await bulk(service, hanoi).outcomes([received(report) for _ in range(5)])
    assert service.most == 1


@pytest.mark.parametrize(
    ("error", "code", "logged"),
    [
        (ServerSelectionTimeoutError("away"), "unavailable", "database unreachable"),
        (RuntimeError("nobody thought of this"), "internal", "action failed"),
    ],
)
async def test_what_was_done_is_told_whatever_happens_to_one_of_them(
    hanoi: City, error: Exception, code: str, logged: str
) -> None:
    fatal = new_id()
    items = [received(new_id()), received(fatal), received(new_id()), received(fatal)]
    with capture_logs() as log:
        done = await bulk(Counting(hanoi, fatal, error), hanoi).outcomes(items)
    assert [outcome.done for outcome in done] == [True, False, True, False]
    assert done[1].code == code
    assert done[1].message == hanoi.messages.texts["en"][f"errors.{code}"]
    assert [(line["event"], line["report"]) for line in log] == [(logged, str(fatal))] * 2
