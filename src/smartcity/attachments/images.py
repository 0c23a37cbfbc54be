# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
"""Photos: what they tell (when, where) is read, then everything but the picture is dropped.

Runs in the examination's own process: decoders meet what strangers send.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from io import BytesIO
from math import ceil, isfinite
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import msgspec
from PIL import ExifTags, Image, ImageCms
from PIL.Image import Transpose
from pillow_heif import register_heif_opener

from smartcity.attachments.media import MediaType, NotAcceptedError, Refusal

LONG_SIDE: Final = 2048
THUMBNAIL_SIDE: Final = 320
QUALITY: Final = 85

COVER: Final = (0, 0, 0)
BLOCK: Final = 16
"""Pixels of a side of what JPEG encodes together, with colours at half the resolution."""

DECODERS: Final[Mapping[MediaType, str]] = {
    MediaType.JPEG: "JPEG",
    MediaType.PNG: "PNG",
    MediaType.WEBP: "WEBP",
    MediaType.HEIC: "HEIF",
}
"""The one decoder that each kind is given to: a file cannot choose a weaker one for itself."""

UPRIGHT: Final[Mapping[int, Transpose]] = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
"""EXIF orientation → what turns the picture upright (Exif 2.32, tag 0x0112)."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a photo says it was taken: WGS 84 degrees."""

    lat: float
    lon: float


Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Region(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of an upright photo: its upper left corner and its size, as fractions of the photo."""

    x: Fraction
    y: Fraction
    width: Fraction
    height: Fraction


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """One JPEG without metadata."""

    content: bytes
    width: int
    height: int


class Covered(msgspec.Struct, frozen=True, kw_only=True, tag="covered"):
    """A photo made safe, with some of it covered for good."""

    picture: Picture
    thumbnail: Picture


class Photo(msgspec.Struct, frozen=True, kw_only=True, tag="photo"):
    """A photo made safe, and what it told before."""

    picture: Picture
    thumbnail: Picture
    taken_at: datetime | None = None
    place: Place | None = None


def develop(original: bytes, media_type: MediaType, *, pixels: int, zone: ZoneInfo) -> Photo:
    """Make a photo safe to show. Raises `NotAcceptedError`.

    `zone` is the one that a camera's time without an offset is read in. The pixels are counted from
    the header, before anything is decoded.
    """
    # An embedded thumbnail may show something else than its picture: never decoded in its place.
    register_heif_opener(thumbnails=False, decode_threads=1)
    Image.MAX_IMAGE_PIXELS = None  # they are counted here, against the city's own limit
    try:
        with Image.open(BytesIO(original), formats=[DECODERS[media_type]]) as image:
            if image.width * image.height > pixels:
                raise NotAcceptedError(Refusal.PIXELS)
            exif = image.getexif()
            taken_at, place = _taken_at(exif, zone), _place(exif)
            picture = _plain(image, exif)
    except (NotAcceptedError, MemoryError):
        raise
    except Exception as error:  # a decoder's way of saying that a file is damaged is any exception
        raise NotAcceptedError(Refusal.UNREADABLE) from error
    thumbnail = picture.copy()
    thumbnail.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return Photo(picture=_jpeg(picture), thumbnail=_jpeg(thumbnail), taken_at=taken_at, place=place)


def cover(content: bytes, regions: Iterable[Region]) -> Covered:
    """One of our own pictures with regions of it painted over.

    A region grows to the blocks that it touches: JPEG writes what stands in a block all over it.
    The thumbnail is made from what is left.
    """
    with Image.open(BytesIO(content), formats=["JPEG"]) as image:
        plain = image.convert("RGB")
    for region in regions:
        plain.paste(COVER, _blocks(region, plain.width, plain.height))
    thumbnail = plain.copy()
    thumbnail.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return Covered(picture=_jpeg(plain), thumbnail=_jpeg(thumbnail))


def _blocks(region: Region, width: int, height: int) -> tuple[int, int, int, int]:
    """The box of a region in pixels, from the beginning of a block to the end of one."""
    left, top = int(region.x * width), int(region.y * height)
    right, bottom = (
        ceil((region.x + region.width) * width),
        ceil((region.y + region.height) * height),
    )
    return (
        left // BLOCK * BLOCK,
        top // BLOCK * BLOCK,
        min(width, -(-right // BLOCK) * BLOCK),
        min(height, -(-bottom // BLOCK) * BLOCK),
    )


def _plain(image: Image.Image, exif: Image.Exif) -> Image.Image:
    """The picture alone: small enough, upright, in sRGB, on white where it was transparent."""
    profile = image.info.get("icc_profile")
    if image.mode in {"P", "PA"}:
        image = image.convert("RGBA")
    image.thumbnail((LONG_SIDE, LONG_SIDE))
    if (turn := UPRIGHT.get(exif.get(ExifTags.Base.Orientation, 1))) is not None:
        image = image.transpose(turn)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        opaque = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(opaque, image).convert("RGB")
    if profile:
        image = _in_srgb(image, profile)
    # A new image: whatever else the old one carries (comments, XMP, profiles) stays behind.
    plain = Image.new("RGB", image.size)
    plain.paste(image.convert("RGB"))
    return plain


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """The colours as the camera meant them; as they are, where its profile cannot be used."""
    try:
        return (
            ImageCms.profileToProfile(
                image,
                ImageCms.ImageCmsProfile(BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                outputMode="RGB",
            )
            or image
        )
    except (ImageCms.PyCMSError, OSError):
        return image


def _jpeg(image: Image.Image) -> Picture:
    content = BytesIO()
    image.save(content, "JPEG", quality=QUALITY, optimize=True)
    return Picture(content=content.getvalue(), width=image.width, height=image.height)


def _taken_at(exif: Image.Exif, zone: ZoneInfo) -> datetime | None:
    """When the shutter was released, in UTC; none if the camera does not say it properly."""
    try:
        photo = exif.get_ifd(ExifTags.IFD.Exif)
        day, hour = photo[ExifTags.Base.DateTimeOriginal].split()
        offset = photo.get(ExifTags.Base.OffsetTimeOriginal, "")
        taken_at = datetime.fromisoformat(f"{day.replace(':', '-')}T{hour}{offset}")
        return taken_at.replace(tzinfo=taken_at.tzinfo or zone).astimezone(UTC)
    except Exception:  # a photo is not refused for what is written beside it
        return None


def _place(exif: Image.Exif) -> Place | None:
    """Where the camera was; none without a fix."""
    try:
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        place = Place(
            lat=_degrees(gps[ExifTags.GPS.GPSLatitude], gps[ExifTags.GPS.GPSLatitudeRef], "S"),
            lon=_degrees(gps[ExifTags.GPS.GPSLongitude], gps[ExifTags.GPS.GPSLongitudeRef], "W"),
        )
    except Exception:  # a photo is not refused for what is written beside it
        return None
    # Cameras without a fix write zeros.
    real = abs(place.lat) <= 90 and abs(place.lon) <= 180 and (place.lat, place.lon) != (0, 0)
    return place if real else None


def _degrees(parts: Any, reference: str, negative: str) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    if not isfinite(value):
        raise ValueError(value)
    return -value if reference.upper().startswith(negative) else value
