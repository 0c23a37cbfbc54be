"""Photos: what is read from them, and that nothing but the picture stays."""

import struct
from datetime import UTC, datetime
from zlib import crc32
from zoneinfo import ZoneInfo

import pytest
from PIL import Image, PngImagePlugin

from smartcity.attachments.images import Photo, develop
from smartcity.attachments.media import MediaType, NotAcceptedError, Refusal, recognise
from tests.unit.sample_files import (
    BLUE,
    RED,
    colour_profile,
    encoded,
    exif,
    nearly,
    opened,
    photo,
    picture,
)

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
KINDS = {
    "JPEG": MediaType.JPEG,
    "PNG": MediaType.PNG,
    "WEBP": MediaType.WEBP,
    "HEIF": MediaType.HEIC,
}


def developed(original: bytes, pixels: int = 50_000_000) -> Photo:
    media_type = recognise(original)
    assert media_type is not None
    return develop(original, media_type, pixels=pixels, zone=HANOI)


@pytest.mark.parametrize("kind", KINDS)
def test_a_photo_is_known_by_its_content(kind: str) -> None:
    assert recognise(photo(kind)) is KINDS[kind]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a" + bytes(50),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf",
        b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42",
        b"MZ %PDF-1.7",
    ],
)
def test_anything_else_is_not_taken(content: bytes) -> None:
    assert recognise(content) is None


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_becomes_a_jpeg_that_tells_nothing(kind: str) -> None:
    made = developed(photo(kind))
    for shown in (made.picture, made.thumbnail):
        image = opened(shown.content)
        assert image.format == "JPEG"
        assert image.size == (shown.width, shown.height)
        assert dict(image.getexif()) == {}
        assert not {"exif", "icc_profile", "comment", "xmp", "photoshop"} & set(image.info)
        assert b"Telephone" not in shown.content


@pytest.mark.parametrize("kind", KINDS)
def test_time_and_place_are_read_before_they_are_dropped(kind: str) -> None:
    made = developed(photo(kind))
    assert made.taken_at == datetime(2026, 3, 4, 1, 15, 30, tzinfo=UTC)
    assert made.place is not None
    assert (made.place.lat, made.place.lon) == pytest.approx((21.0285, 105.8542), abs=1e-5)


def test_comments_profiles_and_xmp_are_dropped() -> None:
    jpeg = encoded(picture(), comment=b"secret", icc_profile=colour_profile(), xmp=b"<secret/>")
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "secret")
    for original in (jpeg, encoded(picture(), "PNG", pnginfo=text)):
        assert b"secret" in original
        assert b"secret" not in developed(original).picture.content


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "red_at"),
    [
        (1, (0.25, 0.5)),
        (2, (0.75, 0.5)),
        (3, (0.75, 0.5)),
        (4, (0.25, 0.5)),
        (5, (0.5, 0.25)),
        (6, (0.5, 0.25)),
        (7, (0.5, 0.75)),
        (8, (0.5, 0.75)),
    ],
)
def test_a_photo_is_turned_upright(
    kind: str, orientation: int, red_at: tuple[float, float]
) -> None:
    made = developed(photo(kind, orientation=orientation))
    image = opened(made.picture.content)
    assert image.size == ((640, 480) if orientation < 5 else (480, 640))
    x, y = red_at[0] * image.width, red_at[1] * image.height
    assert nearly(image.getpixel((int(x), int(y))), RED)
    assert nearly(image.getpixel((int(image.width - x - 1), int(image.height - y - 1))), BLUE) or (
        red_at[0] == red_at[1] == 0.5
    )


def test_an_iphone_photo_is_turned_once() -> None:
    made = developed(photo("HEIF", orientation=6))
    assert (made.picture.width, made.picture.height) == (480, 640)
    assert nearly(opened(made.picture.content).getpixel((240, 100)), RED)


def test_a_large_photo_becomes_2048_pixels_long_and_its_thumbnail_320() -> None:
    made = developed(photo(width=4000, height=3000, orientation=6))
    assert (made.picture.width, made.picture.height) == (1536, 2048)
    assert (made.thumbnail.width, made.thumbnail.height) == (240, 320)


def test_a_small_photo_is_not_blown_up() -> None:
    made = developed(photo(width=100, height=50))
    assert (made.picture.width, made.thumbnail.width) == (100, 100)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_way_of_writing_pixels_is_understood(mode: str) -> None:
    image = picture(mode=mode) if mode != "I;16" else Image.new("I;16", (640, 480), 40_000)
    made = developed(encoded(image, "PNG"))
    assert opened(made.picture.content).mode == "RGB"


def test_a_print_shops_cmyk_photo_keeps_its_colours() -> None:
    made = developed(encoded(picture(mode="CMYK")))
    assert nearly(opened(made.picture.content).getpixel((100, 100)), RED)


def test_what_is_transparent_becomes_white() -> None:
    made = developed(encoded(Image.new("RGBA", (50, 50), (0, 0, 0, 0)), "PNG"))
    assert nearly(opened(made.picture.content).getpixel((25, 25)), (255, 255, 255))


def test_a_camera_without_an_offset_means_the_citys_time() -> None:
    made = developed(encoded(picture(), exif=exif(offset=None)))
    assert made.taken_at == datetime(2026, 3, 4, 1, 15, 30, tzinfo=UTC)


def test_west_and_south_are_negative() -> None:
    made = developed(encoded(picture(), exif=exif(place=(-33.86, -71.06))))
    assert made.place is not None
    assert (made.place.lat, made.place.lon) == pytest.approx((-33.86, -71.06), abs=1e-5)


@pytest.mark.parametrize(
    "written",
    [
        exif(taken=None, offset=None, place=None),
        exif(taken="0000:00:00 00:00:00", place=(0, 0)),
        exif(taken="yesterday", place=(95, 200)),
        exif(taken="2026:03:04 08:15:30", offset="soon", place=None),
    ],
)
def test_a_photo_that_says_nothing_sensible_of_itself_is_taken_all_the_same(
    written: Image.Exif,
) -> None:
    made = developed(encoded(picture(), exif=written))
    assert (made.taken_at, made.place) == (None, None)


def test_a_place_of_something_divided_by_nothing_is_no_place() -> None:
    original = photo()
    undefined = original.replace(struct.pack(">II", 21, 1), bytes(8))
    assert undefined != original
    assert developed(undefined).place is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_photo_that_was_cut_short_is_refused(kind: str) -> None:
    whole = photo(kind)
    for kept in (0.9, 0.5, 0.1):
        cut = whole[: max(40, int(len(whole) * kept))]
        with pytest.raises(NotAcceptedError) as refused:
            developed(cut)
        assert refused.value.refusal is Refusal.UNREADABLE


@pytest.mark.parametrize("kind", KINDS)
def test_a_photo_with_too_many_pixels_is_refused_before_it_is_decoded(kind: str) -> None:
    with pytest.raises(NotAcceptedError) as refused:
        developed(photo(kind), pixels=640 * 480 - 1)
    assert refused.value.refusal is Refusal.PIXELS


def test_a_decompression_bomb_is_refused_by_its_header() -> None:
    header = bytearray(encoded(Image.new("1", (8, 8)), "PNG"))
    header[16:24] = (60_000).to_bytes(4) + (60_000).to_bytes(4)
    crc = crc32(header[12:29])
    header[29:33] = crc.to_bytes(4)
    with pytest.raises(NotAcceptedError) as refused:
        developed(bytes(header))
    assert refused.value.refusal is Refusal.PIXELS


def test_a_file_goes_to_the_decoder_of_its_own_kind_only() -> None:
    with pytest.raises(NotAcceptedError) as refused:
        develop(photo("PNG"), MediaType.JPEG, pixels=50_000_000, zone=HANOI)
    assert refused.value.refusal is Refusal.UNREADABLE
