"""How attachments are looked at, by whom they may be, with what is hidden of them covered.

A covered photo is made once for each choice of regions, and kept beside the one that it was made
from: nothing in it tells what it covers.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

import msgspec

from smartcity.attachments.examiner import Examiner
from smartcity.attachments.files import Files
from smartcity.attachments.images import Region
from smartcity.attachments.media import MediaType
from smartcity.attachments.model import Attachment, AttachmentAudience, Content
from smartcity.attachments.store import AttachmentStore
from smartcity.errors import NotFound
from smartcity.identity.roles import Actor


class _Paths(NamedTuple):
    picture: str
    thumbnail: str


class Showing:
    """Shows files to their senders, and to whom a report shows them."""

    def __init__(
        self,
        store: AttachmentStore,
        files: Files,
        examiner: Examiner,
        reports: AttachmentAudience,
    ) -> None:
        self._store = store
        self._files = files
        self._examiner = examiner
        self._reports = reports
        self._covering: dict[str, asyncio.Task[None]] = {}

    async def content(self, actor: Actor, attachment: UUID, receipt: UUID | None = None) -> Content:
        """The file to show, if this actor may see it: its uploader, and whom a report shows it to.
        `receipt` is the report whose receipt they hold. Raises `NotFound`.
        """
        found, covers = await self._visible(actor, attachment, receipt)
        if found.content is None:
            raise NotFound
        return await self._covered(found, covers, thumbnail=False) if covers else found.content

    async def thumbnail(
        self, actor: Actor, attachment: UUID, receipt: UUID | None = None
    ) -> Content:
        """The small picture of a photo, as `content`. Documents have none."""
        found, covers = await self._visible(actor, attachment, receipt)
        if found.thumbnail is None:
            raise NotFound
        return await self._covered(found, covers, thumbnail=True) if covers else found.thumbnail

    async def stream(self, content: Content) -> AsyncIterator[bytes]:
        """The bytes of a file, piece by piece."""
        try:
            return await self._files.stream(content.path)
        except FileNotFoundError:  # removed a moment ago
            raise NotFound from None

    async def _visible(
        self, actor: Actor, attachment: UUID, receipt: UUID | None
    ) -> tuple[Attachment, Sequence[Region]]:
        found = await self._store.get(attachment)
        if found is None:
            raise NotFound
        if found.owner in actor.own_ids:
            return found, ()
        covers = await self._reports.covers(attachment, actor, receipt)
        if covers is None:
            raise NotFound
        return found, covers

    # --- covering --------------------------------------------------------------------------------

    async def _covered(
        self, found: Attachment, covers: Sequence[Region], *, thumbnail: bool
    ) -> Content:
        """The file that shows a photo with these regions covered, made if nobody asked before."""
        source = found.content
        if source is None or found.thumbnail is None:
            raise NotFound  # a document is hidden whole or not at all
        choice = sha256(source.sha256 + msgspec.msgpack.encode(sorted(covers, key=_place)))
        paths = _Paths(*(f"{found.folder}/{choice.hexdigest()}-{size}" for size in _Paths._fields))
        path = paths.thumbnail if thumbnail else paths.picture
        try:
            size_bytes = await self._files.size(path)
        except FileNotFoundError:
            await self._made(source, covers, paths)
            size_bytes = await self._files.size(path)
        name = sha256(path.encode()).digest()
        return Content(path=path, media_type=MediaType.JPEG, size_bytes=size_bytes, sha256=name)

    async def _made(self, source: Content, covers: Sequence[Region], paths: _Paths) -> None:
        """Make both files once, however many ask at once; who gives up waiting stops nobody."""
        making = self._covering.get(paths.picture)
        if making is None:
            making = asyncio.create_task(self._make(source, covers, paths))
            self._covering[paths.picture] = making
            making.add_done_callback(lambda _: self._covering.pop(paths.picture))
        await asyncio.shield(making)

    async def _make(self, source: Content, covers: Sequence[Region], paths: _Paths) -> None:
        try:
            content = await self._files.read(source.path)
        except FileNotFoundError:  # removed a moment ago
            raise NotFound from None
        covered = await self._examiner.cover(content, covers)
        await self._files.write(paths.thumbnail, covered.thumbnail.content)
        await self._files.write(paths.picture, covered.picture.content)


def _place(region: Region) -> tuple[float, float, float, float]:
    return region.x, region.y, region.width, region.height
