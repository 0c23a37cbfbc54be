"""What happens to one report from its submission to its answer, and who is told of it."""

from typing import Any, Final

import msgspec

from smartcity.city.model import City
from tests.faults.people import Caller, Json, Phone
from tests.unit.reports_made import category_of

STEPS: Final[tuple[tuple[str, Json], ...]] = (
    # by         step
    ("handler", {"action": "receive"}),
    ("handler", {"action": "start"}),
    ("handler", {"action": "ask", "text": "Bên trái hay bên phải đường?"}),
    ("reporter", {"action": "answer", "text": "Bên phải, gần cột điện"}),
    ("handler", {"action": "resolve", "text": "Đã vá xong"}),
)

ACTIONS: Final = ("submit", *(step["action"] for _, step in STEPS))
TOLD: Final = tuple(step["action"] for by, step in STEPS if by == "handler")
"""What the reporter hears of: nobody hears of their own action."""


class Story(msgspec.Struct, frozen=True):
    """A report whose every step was answered with success."""

    report: str
    phone: Phone


def pothole(city: City, **more: Any) -> Json:
    lon, lat = city.centre
    return {
        "category": category_of(city),
        "description": "Ổ gà sâu trước cổng trường",
        "location": {"lat": lat, "lon": lon, "accuracy_m": 12},
        **more,
    }


async def tell(city: City, phone: Phone, handler: Caller) -> Story:
    """Take one report its whole way; each asks again until there is an answer."""
    report = await phone.submit(pothole(city))
    for by, step in STEPS:
        actor = handler if by == "handler" else phone
        report = await actor.act(report["id"], report["version"], **step)
    assert report["status"] == "resolved"
    return Story(report["id"], phone)
