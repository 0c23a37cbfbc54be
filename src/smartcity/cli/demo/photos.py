"""Drawn pictures in place of photos: one of a thing amiss, one of it mended."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from PIL import Image, ImageDraw

from smartcity.attachments.files import Files
from smartcity.attachments.images import Photo, Picture, develop
from smartcity.attachments.media import MediaType
from smartcity.attachments.model import Attachment, Content, Standing, State
from smartcity.attachments.store import AttachmentStore
from smartcity.cli.demo.dice import Dice
from smartcity.identifiers import derived_id

SIZE: Final = (640, 480)
VARIANTS: Final = 6
AT_ONCE: Final = 32

SKIES: Final = ("#bcd7ea", "#dfe6ea", "#f3dcc0")
HOUSES: Final = ("#d9b99b", "#c9c2a5", "#a9b8a0", "#d8a48f", "#b7a9c4")
ROAD, LINE, AMISS, MENDED = "#6f7072", "#e8e4d0", "#2f2a26", "#4c4d4f"


class Album:
    """The photos of all sample reports, until they are written."""

    def __init__(self, zone: ZoneInfo, dice: Dice) -> None:
        self._dice = dice
        self._amiss = [_photo(dice, zone, AMISS) for _ in range(VARIANTS)]
        self._mended = [_photo(dice, zone, MENDED) for _ in range(VARIANTS)]
        self._taken: list[tuple[Attachment, Photo]] = []

    def take(self, owner: UUID, report: UUID, at: datetime, *, mended: bool = False) -> UUID:
        """Add one photo to a report, and answer with its id."""
        photo = self._dice.one_of(self._mended if mended else self._amiss)
        picture = photo.picture.content
        attachment = Attachment(
            id=derived_id(at, report.bytes + bytes([mended])),
            owner=owner,
            sha256=sha256(picture).digest(),
            size_bytes=len(picture),
            created_at=at,
            state=State.READY,
            standing=Standing.KEPT,
            report=report,
            received=len(picture),
            taken_at=at,
        )
        self._taken.append((attachment, photo))
        return attachment.id

    async def write(self, files: Files, store: AttachmentStore) -> None:
        """Keep every photo; one that is there already stays."""
        for start in range(0, len(self._taken), AT_ONCE):
            some = self._taken[start : start + AT_ONCE]
            await asyncio.gather(*(_write(one, photo, files, store) for one, photo in some))


async def _write(one: Attachment, photo: Photo, files: Files, store: AttachmentStore) -> None:
    content = await _file(one, photo.picture, files)
    thumbnail = await _file(one, photo.thumbnail, files)
    if await store.get(one.id) is None:
        await store.add(msgspec.structs.replace(one, content=content, thumbnail=thumbnail))


async def _file(one: Attachment, picture: Picture, files: Files) -> Content:
    name = sha256(picture.content)
    path = f"{one.folder}/{name.hexdigest()}"
    await files.write(path, picture.content)
    return Content(
        path=path,
        media_type=MediaType.JPEG,
        size_bytes=len(picture.content),
        sha256=name.digest(),
        width=picture.width,
        height=picture.height,
    )


def _photo(dice: Dice, zone: ZoneInfo, patch: str) -> Photo:
    """A street with houses, and a patch on it."""
    width, height = SIZE
    image = Image.new("RGB", SIZE, dice.one_of(SKIES))
    draw = ImageDraw.Draw(image)
    left = 0
    while left < width:
        right, top = left + int(dice.between(50, 130)), int(dice.between(60, 200))
        draw.rectangle((left, top, right, 300), fill=dice.one_of(HOUSES), outline=LINE)
        left = right
    draw.rectangle((0, 300, width, height), fill=ROAD)
    for start in range(0, width, 120):
        draw.rectangle((start, 385, start + 60, 393), fill=LINE)
    draw.ellipse(_around(dice), fill=patch)
    content = BytesIO()
    image.save(content, "JPEG")
    return develop(content.getvalue(), MediaType.JPEG, pixels=width * height, zone=zone)


def _around(dice: Dice) -> Sequence[float]:
    x, y, size = dice.between(150, 430), dice.between(330, 420), dice.between(30, 90)
    return (x, y, x + 2 * size, y + size / 2)
