"""What a log line holds, and what it must not."""

import json
from collections.abc import Iterator

import pytest
import structlog

from smartcity.logs import configure_logs
from smartcity.settings import load_settings


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_a_traceback_tells_where_and_not_what(
    log_format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs(load_settings({"log_format": log_format}, environment={}))
    try:
        _fail("".join(["0912", "345678"]))
    except KeyError as error:
        structlog.get_logger().error("request failed", exc_info=error)
    said = capsys.readouterr().out
    assert "in _fail" in said
    assert "0912345678" not in said


def test_a_line_for_machines_is_json_with_a_level_and_a_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs(load_settings({"log_format": "json"}, environment={}))
    structlog.get_logger().warning("cannot load yet", again_in_s=0.1)
    line = json.loads(capsys.readouterr().out)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "cannot load yet", "level": "warning", "again_in_s": 0.1}


def test_what_is_below_the_level_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(load_settings({"log_level": "warning"}, environment={}))
    structlog.get_logger().info("working")
    assert capsys.readouterr().out == ""


def _fail(phone: str) -> None:
    found: dict[str, str] = {}
    found[phone[:1]]
