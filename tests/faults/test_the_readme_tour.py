"""The README's tour, run as it is written, on a system with sample data."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from smartcity.settings import PROJECT

READY_S = 90
TOUR_S = 180


@pytest.fixture
def city(tmp_path: Path) -> Iterator[str]:
    """The address of a running `smartcity up --demo`."""
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-m", "smartcity.cli", "up", "--demo", "--port", "0"],
            env=os.environ | {"SMARTCITY_DATA_DIR": str(tmp_path / "var")},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as up,
    ):
        assert up.stdout is not None
        try:
            ready = next((line for line in up.stdout if line.startswith("ready ")), None)
            assert ready is not None, (tmp_path / "log").read_text()[-4000:]
            yield ready.split()[1]
        finally:
            up.terminate()
            up.wait(READY_S)


def tour(city: str) -> str:
    """The snippets, one after the other, for the address that this system has."""
    snippets = re.findall(r"```bash tour\n(.*?)```", (PROJECT / "README.md").read_text(), re.DOTALL)
    assert len(snippets) > 5
    script = "set -euo pipefail\n" + "".join(snippets)
    return script.replace("http://127.0.0.1:8000", city)


@pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("jq")), reason="the tour needs curl and jq"
)
def test_the_tour_works_line_by_line(city: str, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    (here / ".venv").symlink_to(Path(sys.prefix))
    ran = subprocess.run(
        ["bash", "-c", tour(city)],
        cwd=here,
        env=os.environ | {"SMARTCITY_DATA_DIR": str(tmp_path / "var")},
        capture_output=True,
        text=True,
        timeout=TOUR_S,
        check=False,
    )
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
    for told in (
        '"approximate": true',
        '"name": "Phường Cống Vị"',
        '"status": "submitted"',
        "event: report",
        '"action":"ask"',
        '"code": "stale_version",\n  "version": 3',
        '"status": "waiting"',
        '"status": "in_progress"',
        "200 application/vnd.mapbox-vector-tile",
        '"code": "outside_city"',
        '"quiet_hours":{"from":"22:00","to":"06:00"}',
        '"unassigned"',
        '"code": "tasks_open"',
        '"status": "done"',
        '"likeness"',
        '"status": "merged"',
        '"resolve_calendar": "granted"',
        '"role": "dispatcher"',
        '"status": "held"',
        '{"number":',
        "nothing changed; head ",
        '"kind":"report"',
        '"code": "unauthenticated"',
        '"second_person":true',
        '"code": "second_person_needed"',
        '"status": "issued"',
        '{"topic":"alert","title":"The Red River is above alarm level 3"}',
        "<msgType>Alert",
        "200 application/atom+xml",
        '{"status":"cancelled","steps":["create","confirm","issue","cancel"]}',
        "Cancelled: The Red River is above alarm level 3",
        '{"mode":"direct","state":"stopped","reason":"push is not configured","sent":0,"failed":0}',
    ):
        assert told in ran.stdout, f"{told} is not in\n{ran.stdout}"
    drawn = re.search(r"vector-tile (\d+) bytes", ran.stdout)
    assert drawn, ran.stdout
    assert int(drawn[1]) > 0, "the tour looks where its report is"
    assert ran.stdout.count('"secret"') == 2, "two submissions, one receipt"
    assert list(here.iterdir()) == [here / ".venv"], "the tour tidies up"
