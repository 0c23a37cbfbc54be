"""The live stream (Server-Sent Events, WHATWG HTML section 9.2)."""

from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import HeaderParameter
from litestar.response import Stream

from api.searches import Box, Codes, parse_bbox
from smartcity.feed.live import Interest, LiveStream


class LiveController(Controller):
    path = "/v1/live"
    tags = ("Live",)

    @get(operation_id="StreamLive", media_type="text/event-stream")
    async def listen(
        self,
        live: NamedDependency[LiveStream],
        status: Codes = None,
        category: Codes = None,
        field: Codes = None,
        unit: Codes = None,
        agency: Codes = None,
        bbox: Box = None,
        last_event_id: Annotated[
            str | None, HeaderParameter(name="Last-Event-ID", max_length=64)
        ] = None,
    ) -> Stream:
        """What happens in the city, as it happens: the public state after each event.

        An event `gone` names the `id` of something that the public cannot see any more: take it off
        the map. `Last-Event-ID` resumes without a gap. An event `reset` says that the position is
        lost: load anew, and go on from the id that it carries.
        """
        live.admit()
        interest = Interest(
            status=frozenset(status or ()),
            category=frozenset(category or ()),
            field=frozenset(field or ()),
            unit=frozenset(unit or ()),
            agency=frozenset(agency or ()),
            bbox=None if bbox is None else parse_bbox(bbox),
        )
        return Stream(
            live.listen(interest, last_event_id),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )
