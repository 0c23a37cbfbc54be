"""What a person chooses to be told through."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from litestar import Controller, get, patch
from litestar.di import NamedDependency
from litestar.params import JSONBody

from smartcity.identity.roles import Actor
from smartcity.notifications.choices.service import ChoiceService, Chosen
from smartcity.notifications.model import Channel, Kind

Through = Annotated[frozenset[Channel], msgspec.Meta(max_length=len(Channel))]


class ChoicesView(msgspec.Struct, frozen=True, kw_only=True):
    """For every kind of thing that the caller may be told, the channels that it goes through; an
    empty list: it only stands in the inbox. Of these, `available` are those that reach the caller
    now.
    """

    channels: Mapping[Kind, list[Channel]]
    available: list[Channel]


class ChoicesChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is chosen. Kinds that are not given stay as they are."""

    channels: Mapping[Kind, Through]


class ChoiceController(Controller):
    path = "/v1/me/choices"
    tags = ("Notifications",)

    @get(operation_id="GetChoices")
    async def chosen(
        self, actor: NamedDependency[Actor], choices: NamedDependency[ChoiceService]
    ) -> ChoicesView:
        """Through which channels the caller is told of what. Everything stands in the inbox anyway,
        and alerts are always told.
        """
        return _view(await choices.of(actor))

    @patch(operation_id="ChangeChoices")
    async def choose(
        self,
        data: JSONBody[ChoicesChange],
        actor: NamedDependency[Actor],
        choices: NamedDependency[ChoiceService],
    ) -> ChoicesView:
        """Choose channels for kinds of things. A citizen who is logged in chooses for all their
        devices. Language, followed units and quiet hours are each device's own:
        `PATCH /v1/devices/me`.
        """
        return _view(await choices.change(actor, data.channels))


def _view(chosen: Chosen) -> ChoicesView:
    return ChoicesView(
        channels={kind: sorted(through) for kind, through in chosen.channels.items()},
        available=sorted(chosen.available),
    )
