"""Photos and documents as phones and offices send them, made on the spot."""

# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false
from io import BytesIO

import pikepdf
from PIL import ExifTags, Image, ImageCms
from pillow_heif import register_heif_opener

HOAN_KIEM = (21.0285, 105.8542)
RED, BLUE = (220, 30, 30), (30, 30, 220)


def picture(width: int = 640, height: int = 480, mode: str = "RGB") -> Image.Image:
    """Blue, with a red left half: which way is up can be seen."""
    image = Image.new("RGB", (width, height), BLUE)
    image.paste(RED, (0, 0, width // 2, height))
    return image.convert(mode)


def exif(
    orientation: int = 1,
    taken: str | None = "2026:03:04 08:15:30",
    offset: str | None = "+07:00",
    place: tuple[float, float] | None = HOAN_KIEM,
) -> Image.Exif:
    """What a telephone writes into a photo."""
    written = Image.Exif()
    written[ExifTags.Base.Orientation] = orientation
    written[ExifTags.Base.Make] = "Telephone"
    if taken:
        written.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = taken
    if offset:
        written.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.OffsetTimeOriginal] = offset
    if place:
        gps = written.get_ifd(ExifTags.IFD.GPSInfo)
        gps[ExifTags.GPS.GPSLatitudeRef] = "N" if place[0] >= 0 else "S"
        gps[ExifTags.GPS.GPSLatitude] = degrees(abs(place[0]))
        gps[ExifTags.GPS.GPSLongitudeRef] = "E" if place[1] >= 0 else "W"
        gps[ExifTags.GPS.GPSLongitude] = degrees(abs(place[1]))
    return written


def degrees(value: float) -> tuple[float, float, float]:
    whole = int(value)
    minutes = int((value - whole) * 60)
    return float(whole), float(minutes), round((value - whole - minutes / 60) * 3600, 2)


def encoded(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    register_heif_opener()
    content = BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def photo(kind: str = "JPEG", width: int = 640, height: int = 480, orientation: int = 1) -> bytes:
    """A photo with its time and place."""
    return encoded(picture(width, height), kind, exif=exif(orientation).tobytes())


def document(
    *,
    catalog: bytes = b"",
    objects: pikepdf.ObjectStreamMode = pikepdf.ObjectStreamMode.generate,
    encryption: pikepdf.Encryption | bool = False,
) -> bytes:
    """A PDF of one page; `catalog` is written into its root object."""
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        for key, value in pikepdf.Object.parse(b"<<" + catalog + b">>").items():
            pdf.Root[key] = pdf.make_indirect(value)
        content = BytesIO()
        pdf.save(content, object_stream_mode=objects, encryption=encryption)
        return content.getvalue()


def opened(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    image.load()
    return image


def colour_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def nearly(colour: float | tuple[int, ...] | None, wanted: tuple[int, int, int]) -> bool:
    assert isinstance(colour, tuple)
    return all(abs(a - b) < 25 for a, b in zip(colour, wanted, strict=True))
