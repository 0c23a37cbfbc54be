"""The requests of the load."""

import itertools
import random
from collections.abc import Iterator, Sequence
from typing import Final
from uuid import uuid4

import msgspec

from smartcity.city.model import Category, City, Place
from smartcity.geography.units import Areas

BODIES: Final = 500

SENTENCES: Final = (
    "Ổ gà lớn giữa đường, xe máy rất dễ ngã khi trời mưa.",
    "Rác để tràn ra vỉa hè hai ngày nay chưa có ai thu gom, mùi rất khó chịu.",
    "Đèn đường không sáng từ đầu tuần, buổi tối đi lại nguy hiểm cho học sinh và người già.",
    "Đề nghị cơ quan chức năng kiểm tra và khắc phục sớm.",
)


def request(
    method: str, path: str, body: bytes | None = None, *, token: str | None = None, **headers: str
) -> bytes:
    """A whole request. `If_Match=…` becomes the header `If-Match`."""
    lines = [f"{method} {path} HTTP/1.1", "Host: smartcity"]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "\r\n"]).encode() + (body or b"")


def submissions(devices: Sequence[str], bodies: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    """New reports without end, each with a key of its own, and the token of who sends it."""
    run = uuid4().hex
    sent = zip(itertools.cycle(devices), itertools.cycle(bodies), itertools.count(), strict=False)
    for token, body, number in sent:
        key = f"{run}-{number}"
        yield token, request("POST", "/v1/reports", body, token=token, Idempotency_Key=key)


def reports_of(city: City) -> Sequence[bytes]:
    """Bodies of reports all over the city, of every category that asks nothing more."""
    draw, areas = random.Random(1), Areas.from_pack(city)
    categories = [category.code for category in city.categories.values() if _is_plain(category)]
    return [
        msgspec.json.encode(
            {
                "category": draw.choice(categories),
                "description": " ".join(draw.choices(SENTENCES, k=draw.randint(1, 4))),
                "location": {"lon": lon, "lat": lat, "accuracy_m": draw.randint(5, 40)},
                "address": f"Số {draw.randint(1, 300)}, đường thử {draw.randint(1, 900)}",
            }
        )
        for lon, lat in itertools.islice(_points(city, areas, draw), BODIES)
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
