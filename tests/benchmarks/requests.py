"""The requests of the load, made before it begins as far as possible."""

import itertools
import random
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from smartcity.city.model import Category, City, Place
from smartcity.geography.units import Areas

BODIES: Final = 500

WORDS: Final = (
    "Ổ gà lớn giữa đường, xe máy rất dễ ngã khi trời mưa, đề nghị khắc phục sớm. Rác để tràn ra "
    "vỉa hè hai ngày nay chưa có ai thu gom, mùi rất khó chịu. Đèn đường không sáng từ đầu tuần, "
    "buổi tối đi lại nguy hiểm cho học sinh và người già trong khu phố."
).split()


def request(
    method: str, path: str, token: str | None = None, body: object = None, **headers: str
) -> bytes:
    """A whole request. `If_Match="…"` becomes the header `If-Match`."""
    lines = [f"{method} {path} HTTP/1.1", "Host: smartcity"]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    sent = b""
    if body is not None:
        sent = body if isinstance(body, bytes) else msgspec.json.encode(body)
        lines += ["Content-Type: application/json", f"Content-Length: {len(sent)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + sent


def submissions(city: City, seed: int = 1) -> Sequence[bytes]:
    """Bodies of reports all over the city, of every category that asks nothing more."""
    draw = random.Random(seed)
    areas = Areas.from_pack(city)
    categories = [category.code for category in city.categories.values() if _is_plain(category)]
    points = _points(city, areas, draw)
    return [
        msgspec.json.encode(
            {
                "category": draw.choice(categories),
                "description": " ".join(draw.choices(WORDS, k=draw.randint(8, 40))),
                "location": {"lon": lon, "lat": lat, "accuracy_m": draw.randint(5, 40)},
                "address": f"Số {draw.randint(1, 300)}, đường thử {draw.randint(1, 900)}",
            }
        )
        for lon, lat in itertools.islice(points, BODIES)
    ]


def _is_plain(category: Category) -> bool:
    return (
        category.place is Place.REQUIRED
        and not category.proof
        and not any(question.required for question in category.questions)
    )


def _points(city: City, areas: Areas, draw: random.Random) -> Iterator[tuple[float, float]]:
    bounds = city.bounds
    while True:
        lon, lat = draw.uniform(bounds.west, bounds.east), draw.uniform(bounds.south, bounds.north)
        if areas.locate(lon, lat) is not None:
            yield round(lon, 6), round(lat, 6)
