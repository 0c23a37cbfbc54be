"""Commands with a database of their own."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result

from smartcity.cli.main import main
from smartcity.settings import PROJECT
from tests.unit.commands.running import Run, look


@pytest.fixture
def environment(mongo_uri: str, tmp_path: Path) -> dict[str, str]:
    return {
        "SMARTCITY_MONGO_URI": mongo_uri,
        "SMARTCITY_MONGO_DATABASE": f"test_{uuid4().hex[:12]}",
        "SMARTCITY_DATA_DIR": str(tmp_path),
        "SMARTCITY_CITY": str(PROJECT / "config" / "hanoi"),
    }


@pytest.fixture
def run(environment: dict[str, str]) -> Iterator[Run]:
    def invoke(*words: object, **extra: str) -> Result:
        return CliRunner(env=environment | extra).invoke(main, [str(word) for word in words])

    yield invoke
    look(environment, lambda database: database.client.drop_database(database.name))
