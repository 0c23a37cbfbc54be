"""Whom a report goes up to, while the agencies above it come and go."""

import msgspec
import pytest

from smartcity.reports.clockwork.ladder import rungs
from smartcity.reports.deadlines import Clocks
from smartcity.reports.model import Rung
from smartcity.reports.requests import Step
from smartcity.reports.steps import take
from smartcity.reports.words import Action, Party
from tests.unit.reports_made import MONDAY, among, make_report
from tests.unit.test_reports_alarms import DAY, HANOI, HOUR, WARD, received, ring


def test_the_way_up_is_the_agency_the_agencies_above_and_the_dispatchers() -> None:
    assert [(rung.role, rung.agency) for rung in rungs(HANOI, WARD, MONDAY)] == [
        (Party.SUPERVISOR, WARD),
        (Party.SUPERVISOR, "ubnd-tp"),
        (Party.DISPATCHER, "ttpvhcc"),
    ]


def test_an_agency_above_that_is_no_more_is_passed_over() -> None:
    gone = msgspec.structs.replace(HANOI.agencies["ubnd-tp"], valid_to=MONDAY.date() - DAY)
    city = msgspec.structs.replace(HANOI, agencies={**HANOI.agencies, "ubnd-tp": gone})
    assert [rung.agency for rung in rungs(city, WARD, MONDAY)] == [WARD, "ttpvhcc"]


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_report_that_stands_with_an_agency_that_is_no_more_goes_up_past_it(times: int) -> None:
    report = make_report(HANOI)
    while report.level < times:
        report = ring(report)
    assert report.alarm or times == 3
    after = msgspec.structs.replace(
        HANOI.agencies["ubnd-tp"], valid_to=report.updated_at.date() - DAY
    )
    city = msgspec.structs.replace(HANOI, agencies={**HANOI.agencies, "ubnd-tp": after})
    while report.alarm:
        found = among(city, Clocks(city), Party.CLOCK, at=report.alarm.at)
        report = take(report, Step(action=report.alarm.action), found).report
    assert report.escalated_to == Rung(role=Party.DISPATCHER, agency="ttpvhcc")
    assert report.timeline[-1].action is Action.ESCALATE


def test_a_report_stays_with_whom_it_stands_when_an_agency_below_them_ends() -> None:
    between = msgspec.structs.replace(HANOI.agencies["ubnd-tp"], code="so-giua", parent="ubnd-tp")
    ward = msgspec.structs.replace(HANOI.agencies[WARD], parent=between.code)
    deep = {**HANOI.agencies, WARD: ward, between.code: between}
    city = msgspec.structs.replace(HANOI, agencies=deep)
    report = received()
    while report.escalated_to != Rung(role=Party.SUPERVISOR, agency="ubnd-tp"):
        assert report.alarm
        found = among(city, Clocks(city), Party.CLOCK, at=report.alarm.at)
        report = take(report, Step(action=report.alarm.action), found).report
    ended = msgspec.structs.replace(between, valid_to=report.updated_at.date() - DAY)
    city = msgspec.structs.replace(city, agencies={**deep, between.code: ended})
    found = among(city, Clocks(city), Party.HANDLER, at=report.updated_at + HOUR)
    begun = take(report, Step(action=Action.START), found).report
    assert begun.escalated_to == Rung(role=Party.SUPERVISOR, agency="ubnd-tp")
    assert begun.level == 2
    assert begun.alarm
    found = among(city, Clocks(city), Party.CLOCK, at=begun.alarm.at)
    raised = take(begun, Step(action=Action.ESCALATE), found).report
    assert raised.escalated_to == Rung(role=Party.DISPATCHER, agency="ttpvhcc")


def test_an_agency_under_nobody_goes_to_the_dispatchers_at_once() -> None:
    assert [r.role for r in rungs(HANOI, "cong-an", MONDAY)] == [Party.SUPERVISOR, Party.DISPATCHER]
