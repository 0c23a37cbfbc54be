"""Pins for the map's and the figures' tests: as many as a test asks for, in a small area."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from msgspec.structs import replace

from smartcity.feed.event import Event, Internal, Published, Topic
from smartcity.identifiers import new_id
from smartcity.map.model import Pin

START = datetime(2026, 3, 2, 1, tzinfo=UTC)
STATUSES = ("submitted", "received", "waiting", "resolved", "closed", "merged", "withdrawn")
FIELDS = {"potholes": "traffic", "lights": "traffic", "waste": "environment"}


def _pin(
    number: int, status: str, category: str, public: bool, place: tuple[float, float] | None
) -> Pin:
    lon, lat = place or (None, None)
    return Pin(
        id=UUID(int=number + 1),
        version=1,
        status=status,
        category=category,
        field=FIELDS[category],
        public=public,
        lon=lon,
        lat=lat,
        submitted_at=START,
    )


some_pins = st.lists(
    st.builds(
        _pin,
        number=st.integers(0, 500),
        status=st.sampled_from(STATUSES),
        category=st.sampled_from(sorted(FIELDS)),
        public=st.booleans(),
        # a few places only, so that reports share a tile, a cell or the very spot
        place=st.none()
        | st.tuples(
            st.integers(0, 40).map(lambda n: 105.8 + n * n / 10_000),
            st.integers(0, 40).map(lambda n: 21.0 + n * n / 10_000),
        ),
    ),
    max_size=80,
    unique_by=lambda pin: pin.id,
)


class Given:
    """A source of the pins that it was given; of every batch, the pins of `batches`."""

    def __init__(self, pins: Sequence[Pin] = (), batches: Sequence[Pin] = ()) -> None:
        self._pins = pins
        self._batch = batches

    async def pins(self) -> AsyncIterator[Sequence[Pin]]:
        for start in range(0, len(self._pins), 7):
            yield self._pins[start : start + 7]

    async def batch(self, batch: UUID) -> AsyncIterator[Sequence[Pin]]:
        assert batch.version == 7
        yield self._batch


def a_pin(number: int = 1, **values: Any) -> Pin:
    """A received report about a pothole in the middle of Hanoi, public, with all its dates."""
    pin = Pin(
        id=UUID(int=number),
        version=2,
        status="received",
        category="potholes",
        field="traffic",
        agency="roads",
        unit="00004",
        lon=105.85,
        lat=21.03,
        public=True,
        submitted_at=START,
        received_at=START + timedelta(hours=1),
        receive_by=START + timedelta(hours=8),
        due_at=START + timedelta(hours=80),
        risk_at=START + timedelta(hours=60),
        first_resolve_by=START + timedelta(hours=80),
    )
    return replace(pin, **values)


def told(pin: Pin, seq: int = 1) -> Published:
    """The event that leaves a report in this state."""
    state = {name: getattr(pin, name) for name in pin.__struct_fields__ if name != "id"}
    return Published(
        seq=seq,
        epoch="e1",
        event=Event(
            id=new_id(),
            topic=Topic.REPORT,
            action="receive",
            at=START,
            subject=pin.id,
            internal=Internal(**state),
        ),
    )
