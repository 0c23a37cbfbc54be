"""What a person chooses to be told through, and what they chose."""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from smartcity.errors import FieldError, Invalid
from smartcity.identity.emails.service import Emails
from smartcity.identity.roles import Actor
from smartcity.notifications.choices.model import TO_CITIZENS, TO_STAFF, Channels, Offer
from smartcity.notifications.choices.store import ChoiceStore
from smartcity.notifications.model import Channel, Kind


class Chosen(msgspec.Struct, frozen=True):
    """For every kind of thing that can concern somebody, the channels that it goes through, of
    those that they may choose; and through which they can be reached at all.
    """

    channels: Mapping[Kind, Channels]
    available: Channels


class ChoiceService:
    """A citizen who logged in chooses for all their devices, a device without an account for
    itself, a member of staff for themselves.
    """

    def __init__(self, store: ChoiceStore, emails: Emails) -> None:
        self._store = store
        self._emails = emails

    async def of(self, actor: Actor) -> Chosen:
        person, offer = _person(actor), _offer(actor)
        choices = (await self._store.of([person]))[person]
        written_to = await self._emails.confirmed([person])
        return Chosen(
            {kind: choices.of(kind) & offer.channels for kind in offer.kinds},
            offer.available | {Channel.EMAIL} if written_to else offer.available,
        )

    async def change(self, actor: Actor, channels: Mapping[Kind, Channels]) -> Chosen:
        """Choose for these kinds; the others stay as they are. Raises `Invalid`."""
        offer = _offer(actor)
        wrong = [
            FieldError(f"channels.{kind}", "unknown")
            for kind, through in channels.items()
            if kind not in offer.kinds or not through <= offer.channels
        ]
        if wrong:
            raise Invalid(*wrong)
        await self._store.change(_person(actor), channels)
        return await self.of(actor)

    async def hand_over(self, device: UUID, account: UUID) -> None:
        """What was chosen on a device before it was linked to an account holds for the account, if
        nothing was chosen there. Idempotent.
        """
        chosen = (await self._store.of([device]))[device]
        if chosen.channels:
            await self._store.begin(account, chosen.channels)
            await self._store.remove([device])


def _person(actor: Actor) -> UUID:
    return actor.account or actor.own_id


def _offer(actor: Actor) -> Offer:
    return TO_STAFF if actor.is_staff else TO_CITIZENS
