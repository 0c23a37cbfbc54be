from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.town import Town, town


@pytest.fixture(scope="module")
async def hanoi_town(
    mongo_uri: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    """One for all tests of a module: they change nothing that another minds."""
    folder: Path = tmp_path_factory.mktemp("town")
    async with town(mongo_uri, folder) as started:
        yield started
