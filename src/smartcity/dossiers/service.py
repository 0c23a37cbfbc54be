"""What can be done with dossiers: looked up, followed, and told of by their source."""

from collections.abc import Collection
from typing import Final, Protocol
from uuid import UUID

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.dossiers.codes import CodeError, parse
from smartcity.dossiers.events import change
from smartcity.dossiers.merging import merged
from smartcity.dossiers.model import Dossier
from smartcity.dossiers.secrets import DossierSecrets
from smartcity.dossiers.store import DossierStore
from smartcity.dossiers.views import DossierView, view
from smartcity.errors import FieldError, Invalid, NotFound, Refused, StaleVersion
from smartcity.feed.event import Topic
from smartcity.identity.attempts.service import GUESSER, Attempts

DOSSIER: Final = "dossier"
"""The kind of attempt whose failures are counted by the code."""

FOLLOWED: Final = 100
"""One device follows no more dossiers: a service office has its own systems."""

TRIES: Final = 5
"""Two tellers of one dossier at once are rare, and one of them always gets through."""


class DossierFollows(Protocol):
    """Who follows which dossier; kept by the notifications."""

    async def follow(self, follower: UUID, subject: UUID, topic: Topic) -> None: ...

    async def unfollow(self, follower: UUID, subject: UUID) -> None: ...

    async def followed_by(self, follower: UUID, topic: Topic, limit: int) -> list[UUID]:
        """What somebody follows, the newest follow first."""
        ...


class DossierService:
    """Dossiers for those who hold their secrets."""

    def __init__(
        self,
        store: DossierStore,
        follows: DossierFollows,
        attempts: Attempts,
        city: City,
        secrets: DossierSecrets,
    ) -> None:
        self._store = store
        self._follows = follows
        self._attempts = attempts
        self._city = city
        self._secrets = secrets

    async def look_up(self, code: str, secret: str, address: str, language: str) -> DossierView:
        """Where a dossier stands.

        Raises `NotFound` for a wrong secret and for a code that is not known, which cannot be told
        apart; `TooManyRequests` after too many of them, for one code or from one address; `Invalid`
        for what is no code.
        """
        return self._shown(await self._opened(code, secret, address), language)

    async def follow(
        self, follower: UUID, code: str, secret: str, address: str, language: str
    ) -> DossierView:
        """Follow a dossier: from then on its status is shown without the secret. Idempotent.

        Raises as `look_up` does, and `Refused` for who follows very many.
        """
        dossier = await self._opened(code, secret, address)
        followed = await self._follows.followed_by(follower, Topic.DOSSIER, FOLLOWED)
        if len(followed) >= FOLLOWED and dossier.id not in followed:
            raise Refused(limit=FOLLOWED)
        await self._follows.follow(follower, dossier.id, Topic.DOSSIER)
        return self._shown(dossier, language)

    async def unfollow(self, follower: UUID, code: str) -> None:
        """Idempotent, and the same for a code that is not known."""
        dossier = await self._store.by_code(_parsed(code))
        if dossier is not None:
            await self._follows.unfollow(follower, dossier.id)

    async def followed(self, follower: UUID, language: str) -> list[DossierView]:
        """The dossiers that somebody follows, the one told of most recently first."""
        ids = await self._follows.followed_by(follower, Topic.DOSSIER, FOLLOWED)
        dossiers = await self._store.by_ids(ids) if ids else []
        dossiers.sort(key=lambda dossier: dossier.as_of, reverse=True)
        return [self._shown(dossier, language) for dossier in dossiers]

    async def versions(self, dossiers: Collection[UUID]) -> dict[UUID, int]:
        """The versions of some dossiers, which grow with every change."""
        return await self._store.versions(dossiers) if dossiers else {}

    async def shown(self, dossiers: Collection[UUID], language: str) -> dict[UUID, DossierView]:
        """Where some dossiers stand, for somebody who follows them."""
        found = await self._store.by_ids(dossiers) if dossiers else []
        return {dossier.id: self._shown(dossier, language) for dossier in found}

    async def tell(self, told: Dossier) -> Dossier:
        """Hear of one dossier from its source, and promise the event. Idempotent."""
        for _ in range(TRIES):
            known = await self._store.by_code(told.code)
            if known is None:
                if await self._store.add(told, [change(None, told, now())]):
                    return told
                continue
            after = merged(known, told)
            if after is known:
                return known
            try:
                await self._store.change(known, after, [change(known, after, now())])
            except StaleVersion:
                continue
            return after
        raise StaleVersion

    async def _opened(self, code: str, secret: str, address: str) -> Dossier:
        parsed = _parsed(code)
        async with self._attempts.in_turn((DOSSIER, parsed), (GUESSER, address)):
            dossier = await self._store.by_code(parsed)
            opens = self._secrets.opens(parsed, secret, dossier and dossier.secret)
            if dossier is None or not opens:
                raise NotFound
            return dossier

    def _shown(self, dossier: Dossier, language: str) -> DossierView:
        return view(dossier, self._city, language, now())


def _parsed(code: str) -> str:
    try:
        return parse(code).text
    except CodeError as error:
        raise Invalid(FieldError("code", "not_a_dossier_code")) from error
