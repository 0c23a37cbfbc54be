"""Who is exported or erased: every id, and for a caller the number, that is one person's."""

from uuid import UUID

import msgspec

from smartcity.identity.roles import Actor


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """`ids` are those of every device that was ever linked to the account, and the account's own.

    An account says that all of them are one person, and what is erased is a person: asked from any
    of the phones, everything goes, and none of them opens anything any more. Who wants to part with
    one phone only unlinks it. `phone` is the keyed hash of a caller's number.
    """

    ids: frozenset[UUID]
    account: UUID | None = None
    phone: bytes | None = None

    def sent(self, sender: UUID, phone: bytes | None) -> bool:
        """Whether a report from a sender, with this number's hash or none, is this person's."""
        return sender in self.ids or (phone is not None and phone == self.phone)


def speaking(actor: Actor) -> Person:
    """The citizen who asks."""
    account = actor.account
    return Person(
        ids=actor.own_ids if account is None else actor.own_ids | {account}, account=account
    )
