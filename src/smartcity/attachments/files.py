# pyright: reportUnknownMemberType=false
"""The bytes of attachments: a local folder or S3, through one interface.

A file appears whole or not at all: the local store writes beside it and renames.
"""

from collections.abc import AsyncIterator, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from smartcity.errors import Unavailable

if TYPE_CHECKING:  # obstore has this name for type checkers only
    from obstore.store import ObjectStore

STREAM_BYTES: Final = 262_144


def open_files(location: str, data_path: Path) -> "Files":
    """What the setting `attachments` names: `s3://bucket/prefix`, or empty for a local folder."""
    if location:
        return Files(from_url(location))
    return Files(LocalStore(data_path / "attachments", mkdir=True, automatic_cleanup=True))


class Files:
    """Reads and writes files. Raises `Unavailable` when the store is away or full."""

    def __init__(self, store: "ObjectStore") -> None:
        self._store = store

    async def write(self, path: str, content: bytes) -> None:
        with _translated():
            await obstore.put_async(self._store, path, content, use_multipart=False)

    async def read(self, path: str) -> bytes:
        """A whole file. Raises `FileNotFoundError`."""
        with _translated():
            found = await obstore.get_async(self._store, path)
            return bytes(await found.bytes_async())

    async def size(self, path: str) -> int:
        """How many bytes a file has. Raises `FileNotFoundError`."""
        with _translated():
            return (await obstore.head_async(self._store, path))["size"]

    async def stream(self, path: str) -> AsyncIterator[bytes]:
        """A file piece by piece. Raises `FileNotFoundError` at once, not at the first piece."""
        with _translated():
            found = await obstore.get_async(self._store, path)
        return aiter(found.stream(min_chunk_size=STREAM_BYTES))

    async def remove(self, paths: Iterable[str]) -> None:
        """Remove files; one that is gone already is as good."""
        for path in paths:
            with _translated():
                try:
                    await obstore.delete_async(self._store, path)
                except FileNotFoundError:
                    continue

    async def remove_folder(self, folder: str) -> None:
        """Remove everything below a folder."""
        with _translated():
            async for found in obstore.list(self._store, prefix=folder):
                await self.remove(meta["path"] for meta in found)


@contextmanager
def _translated() -> Generator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except (BaseError, OSError) as error:
        raise Unavailable(retry_after_s=5) from error
