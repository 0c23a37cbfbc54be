from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.office import Office, office
from tests.api.town import Town, town


@pytest.fixture
async def hanoi_town(mongo_uri: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(mongo_uri, tmp_path) as started:
        yield started


@pytest.fixture(scope="module")
async def shared_town(
    mongo_uri: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    """One for those tests of a module that change nothing which another minds: an app takes longer
    to make than most refusals.
    """
    async with town(mongo_uri, tmp_path_factory.mktemp("town")) as started:
        yield started


@pytest.fixture(scope="module")
async def ward(mongo_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """One office for all tests of a module: each has reports of its own."""
    async with office(mongo_uri, tmp_path_factory.mktemp("office")) as started:
        yield started
