"""Who gets a letter: each person who hears of an event, once for each channel that they chose for
this kind of thing and that reaches them.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from smartcity.city.model import City
from smartcity.feed.event import Published
from smartcity.notifications.audience import Hearer
from smartcity.notifications.choices.store import ChoiceStore
from smartcity.notifications.letters.model import Letter, letter_id
from smartcity.notifications.letters.post import Post, Reader
from smartcity.notifications.letters.rules import leaves_at
from smartcity.notifications.letters.store import LetterStore
from smartcity.notifications.messages import Words
from smartcity.notifications.retries import begun

Told = tuple[Published, Hearer]


class LetterWriter:
    """Writes for every channel of `posts`. `keep` is how long a letter is kept, `wait` how long one
    that nobody waits for is held back for what may follow.
    """

    def __init__(
        self,
        city: City,
        choices: ChoiceStore,
        store: LetterStore,
        posts: Sequence[Post],
        *,
        keep: timedelta,
        wait: timedelta,
    ) -> None:
        self._city = city
        self._choices = choices
        self._store = store
        self._posts = posts
        self._keep = keep
        self._wait = wait

    async def write(self, told: Sequence[Told], at: datetime) -> None:
        """Write to those who hear of these events, whatever device they hear it on. Harmless when
        done again.
        """
        hearers = {hearer.recipient for _, hearer in told}
        for post in self._posts if hearers else ():
            if found := await post.readers.of(hearers):
                await self._store.add(await self._letters(post, told, found, at))

    async def _letters(
        self,
        post: Post,
        told: Sequence[Told],
        readers: Mapping[UUID, Reader],
        at: datetime,
    ) -> Collection[Letter]:
        choices = await self._choices.of({reader.person for reader in readers.values()})
        letters: dict[UUID, Letter] = {}
        for published, hearer in told:
            reader = readers.get(hearer.recipient)
            if reader is None or _did_it(reader, published):
                continue
            if post.channel not in choices[reader.person].of(hearer.row.kind):
                continue
            if letter := self._letter(post, published, hearer, reader, at):
                letters.setdefault(letter.id, letter)
        return letters.values()

    def _letter(
        self,
        post: Post,
        published: Published,
        hearer: Hearer,
        reader: Reader,
        at: datetime,
    ) -> Letter | None:
        event, row = published.event, hearer.row
        assert event.subject is not None, "an event that somebody hears of has a subject"
        language = self._city.spoken(reader.language)
        text: Words | None = post.manner.words(self._city, language, event, row)
        if text is None:
            return None
        wait = self._wait if post.manner.waits else timedelta()
        next_at = leaves_at(row.urgency, at, wait)
        return Letter(
            id=letter_id(event.id, reader.person, post.channel),
            channel=post.channel,
            recipient=reader.person,
            event=event.id,
            topic=event.topic,
            subject=event.subject,
            action=event.action,
            kind=row.kind,
            title=text.title,
            body=text.body,
            language=language,
            created_at=at,
            expires_at=at + self._keep,
            sending=begun(row.urgency, event.at, next_at=next_at, at=at),
        )


def _did_it(reader: Reader, published: Published) -> bool:
    state = published.event.internal
    return state is not None and state.actor in reader.ids
