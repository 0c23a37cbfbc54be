"""How a file arrives: in one piece, or bit by bit over a weak network.

Whatever line a process dies at, the phone's next request or the next sweep goes on from there.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from smartcity.attachments.examination import Document
from smartcity.attachments.examiner import Examiner
from smartcity.attachments.files import Files
from smartcity.attachments.images import Photo, Picture
from smartcity.attachments.media import MediaType, NotAcceptedError, Refusal
from smartcity.attachments.model import (
    UNFINISHED,
    Announcement,
    Attachment,
    AttachmentView,
    Content,
    Standing,
    State,
    Upload,
    upload,
    view,
)
from smartcity.attachments.store import AttachmentStore
from smartcity.clock import now
from smartcity.errors import (
    FieldError,
    Invalid,
    NotFound,
    SmartCityError,
    TooLarge,
    TooManyRequests,
    Unavailable,
    UnsupportedMedia,
    WrongOffset,
)
from smartcity.identifiers import new_id
from smartcity.identity.roles import Actor

PART_BYTES: Final = 1_048_576
"""What a lost connection or a dead process costs a phone, at the most."""

HELD_UPLOADS: Final = 16
"""How many of the largest files one process holds in memory while they arrive in one piece."""

HELD_PARTS: Final = 64
"""How many parts of others: with more under way, whatever has arrived is written at once."""

WHOLE_IN_S: Final = 120.0
"""A file that is sent in one piece and takes longer gives its memory back; a weak network sends it
bit by bit.
"""

DRAINED: Final = 3
"""How many times the largest file is read on and dropped, so that its sender hears the answer."""

LOOSE_LIMIT: Final = 200
"""Attachments in no report that one owner may have: a phone's reports wait for a network."""
LOOSE_FOR: Final = timedelta(days=2)
"""How long an attachment may be in no report: a phone may be out of reach for days."""

REFUSALS: Final[Mapping[Refusal, type[SmartCityError]]] = {
    Refusal.MEDIA_TYPE: UnsupportedMedia,
    Refusal.UNREADABLE: Invalid,
    Refusal.PIXELS: TooLarge,
    Refusal.ENCRYPTED: UnsupportedMedia,
    Refusal.ACTIVE: UnsupportedMedia,
    Refusal.COMPLEX: UnsupportedMedia,
    Refusal.ABANDONED: NotFound,
}


class Receiving:
    """Takes files in."""

    def __init__(
        self, store: AttachmentStore, files: Files, examiner: Examiner, *, upload_bytes: int
    ) -> None:
        self._store = store
        self._files = files
        self._examiner = examiner
        self._upload_bytes = upload_bytes
        self._held_bytes = 0
        self._held_parts_bytes = 0

    # --- in one piece ----------------------------------------------------------------------------

    async def take(self, actor: Actor, chunks: AsyncIterator[bytes]) -> tuple[AttachmentView, bool]:
        """A whole file at once: what it is now, and whether it is fresh.

        The same file from the same sender, in no report yet, is the same attachment. A file that is
        refused leaves nothing behind. Raises what `REFUSALS` names, `TooLarge`, `Unavailable`.
        """
        original = bytearray()
        try:
            async with asyncio.timeout(WHOLE_IN_S):
                await self._hold(original, chunks)
            return await self._take_whole(actor, bytes(original))
        except TimeoutError:
            raise Invalid(FieldError("body", "too_slow")) from None
        finally:
            self._held_bytes -= len(original)

    async def _hold(self, original: bytearray, chunks: AsyncIterator[bytes]) -> None:
        async for chunk in chunks:
            if len(original) + len(chunk) > self._upload_bytes:
                await _let_finish(chunks, DRAINED * self._upload_bytes)
                raise TooLarge(limit=self._upload_bytes)
            original += chunk
            self._held_bytes += len(chunk)
            if self._held_bytes > HELD_UPLOADS * self._upload_bytes:
                raise Unavailable(retry_after_s=5)

    async def _take_whole(self, actor: Actor, original: bytes) -> tuple[AttachmentView, bool]:
        name = sha256(original).hexdigest()
        known = await self._known(actor.own_id, bytes.fromhex(name), None)
        if known and known.state is State.READY:
            return view(known, with_proof=True), False
        try:
            examined = await self._examiner.examine(original)
        except NotAcceptedError as error:
            raise _refused(error.refusal) from error
        attachment, _ = await self._announced(actor, Announcement(sha256=name, bytes=len(original)))
        return view(await self._file(attachment, original, examined), with_proof=True), True

    # --- bit by bit ------------------------------------------------------------------------------

    async def announce(self, actor: Actor, data: Announcement) -> tuple[Upload, bool]:
        """A file that will follow: where to begin, and whether it is fresh.

        Announced again it is the same upload, until it is both ready and in a report: then it is
        that report's, and the same file for another report is another attachment.
        """
        attachment, fresh = await self._announced(actor, data)
        return upload(attachment), fresh

    async def _announced(self, actor: Actor, data: Announcement) -> tuple[Attachment, bool]:
        owner, name = actor.own_id, bytes.fromhex(data.sha256)
        if data.bytes > self._upload_bytes:
            raise TooLarge(limit=self._upload_bytes)
        if data.media_type is not None and data.media_type not in set(MediaType):
            raise _refused(Refusal.MEDIA_TYPE)
        if known := await self._known(owner, name, data.report):
            return known, False
        if await self._store.count_loose(owner, LOOSE_LIMIT) >= LOOSE_LIMIT:
            raise TooManyRequests(retry_after_s=LOOSE_FOR.total_seconds())
        fresh = Attachment(
            id=new_id(), owner=owner, sha256=name, size_bytes=data.bytes, created_at=now()
        )
        if await self._store.add(fresh):
            return fresh, True
        if known := await self._known(owner, name, data.report):
            return known, False
        raise Unavailable(retry_after_s=1)  # announced and removed within these lines

    async def _known(self, owner: UUID, name: bytes, report: UUID | None) -> Attachment | None:
        """The attachment that the same file is: this report's, or one that is not settled yet."""
        same = await self._store.same_file(owner, name)
        for attachment in same:
            if report is not None and attachment.report == report:
                return attachment
        loose = (a for a in same if a.standing is Standing.LOOSE)
        unfinished = (a for a in same if a.state in UNFINISHED)
        return next(loose, None) or next(unfinished, None)

    async def receive(
        self, actor: Actor, attachment: UUID, offset: int, chunks: AsyncIterator[bytes]
    ) -> Upload:
        """Go on with an upload at an offset; when it is complete, make the file ready.

        What has arrived is kept megabyte by megabyte, or sooner while very many send: when the
        connection breaks, `progress` tells where to go on. Raises `WrongOffset`, and when the
        upload is complete what `REFUSALS` names, or `Invalid` if its content is not what was
        announced: then it starts over.
        """
        seen = await self._own(actor, attachment)
        if seen.refusal is not None:
            raise _refused(seen.refusal)
        if offset != seen.received:
            raise WrongOffset(offset=seen.received)
        arrived = bytearray()
        try:
            async for chunk in chunks:
                arrived += chunk
                self._held_parts_bytes += len(chunk)
                if seen.received + len(arrived) > seen.size_bytes:
                    raise Invalid(FieldError("body", "longer_than_announced"))
                full = self._held_parts_bytes > HELD_PARTS * PART_BYTES
                if full or len(arrived) >= PART_BYTES:
                    seen = await self._append(seen, bytes(arrived))
                    self._held_parts_bytes -= len(arrived)
                    arrived.clear()
            if arrived:
                seen = await self._append(seen, bytes(arrived))
        finally:
            self._held_parts_bytes -= len(arrived)
        if seen.received == seen.size_bytes and seen.state in UNFINISHED:
            seen = await self.complete(seen)
        return upload(seen)

    async def progress(self, actor: Actor, attachment: UUID) -> Upload:
        """How far an own upload has come."""
        return upload(await self._own(actor, attachment))

    async def _append(self, seen: Attachment, part: bytes) -> Attachment:
        """Write a part, then note it: a part that is not noted was never there."""
        path = f"{seen.folder}/part-{new_id()}"
        await self._files.write(path, part)
        after = await self._store.append(seen, path, len(part))
        if after is None:
            await self._files.remove([path])
            current = await self._store.get(seen.id)
            raise WrongOffset(offset=current.received) if current else NotFound()
        return after

    async def complete(self, seen: Attachment) -> Attachment:
        """Examine what has arrived. May be done twice at once: both do the same."""
        try:
            original = b"".join([await self._files.read(path) for path in seen.parts])
        except FileNotFoundError:  # completed by another just now; or lost: then it starts over
            await self._store.restart(seen)
            return await self._still_there(seen.id)
        if sha256(original).digest() != seen.sha256:
            await self._store.restart(seen)
            await self._files.remove(seen.parts)
            raise Invalid(FieldError("sha256", "mismatch"), offset=0)
        try:
            examined = await self._examiner.examine(original)
        except NotAcceptedError as error:
            await self._store.refuse(seen, error.refusal)
            await self._files.remove(seen.parts)
            raise _refused(error.refusal) from error
        return await self._file(seen, original, examined)

    async def _file(
        self, seen: Attachment, original: bytes, examined: Photo | Document
    ) -> Attachment:
        """Write the files, then the document that names them, then drop the parts."""
        if isinstance(examined, Photo):
            content = await self._file_picture(seen, examined.picture)
            thumbnail = await self._file_picture(seen, examined.thumbnail)
            taken_at, place = examined.taken_at, examined.place
        else:
            content = await self._file_content(seen, original, examined.media_type)
            thumbnail = taken_at = place = None
        await self._store.finish(seen, content, thumbnail, taken_at, place)
        await self._files.remove(seen.parts)
        return await self._still_there(seen.id)

    async def _file_picture(self, seen: Attachment, picture: Picture) -> Content:
        return await self._file_content(
            seen, picture.content, MediaType.JPEG, width=picture.width, height=picture.height
        )

    async def _file_content(
        self,
        seen: Attachment,
        data: bytes,
        media_type: MediaType,
        *,
        width: int | None = None,
        height: int | None = None,
    ) -> Content:
        name = sha256(data)
        path = f"{seen.folder}/{name.hexdigest()}"
        await self._files.write(path, data)
        return Content(
            path=path,
            media_type=media_type,
            size_bytes=len(data),
            sha256=name.digest(),
            width=width,
            height=height,
        )

    async def _own(self, actor: Actor, attachment: UUID) -> Attachment:
        found = await self._still_there(attachment)
        if found.owner != actor.id:
            raise NotFound
        return found

    async def _still_there(self, attachment: UUID) -> Attachment:
        found = await self._store.get(attachment)
        if found is None:
            raise NotFound
        return found


async def _let_finish(chunks: AsyncIterator[bytes], at_most: int) -> None:
    """Read on: a sender who is cut off in the middle sees a broken connection, not an answer."""
    async for chunk in chunks:
        at_most -= len(chunk)
        if at_most < 0:
            return


def _refused(refusal: Refusal) -> SmartCityError:
    return REFUSALS[refusal](FieldError("body", refusal.value))
