from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.town import Town, town


@pytest.fixture
async def hanoi_town(mongo_uri: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(mongo_uri, tmp_path) as started:
        yield started
