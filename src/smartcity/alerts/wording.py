"""An alert's words as people read them, in one of the city's languages."""

from collections.abc import Sequence
from typing import Final

from smartcity.alerts.model import AlertWords, Content, Message, MessageKind
from smartcity.city.model import City

TEXTS: Final = {MessageKind.UPDATE: "alerts.updated", MessageKind.CANCEL: "alerts.cancelled"}


def languages_of(city: City, message: Message) -> Sequence[str]:
    """The city's languages that the message has: one that the city took in since, it has not."""
    return [language for language in city.languages if language in message.content.texts]


def words_of(city: City, message: Message, language: str) -> tuple[str, AlertWords]:
    """The words in a language, or else in the first that there is, and in which they are."""
    texts = message.content.texts
    if language not in texts:
        language = next(iter(languages_of(city, message) or texts))
    return language, texts[language]


def headline(city: City, message: Message, language: str) -> str:
    """The headline, which says of an update or a cancellation that it is one."""
    spoken, words = words_of(city, message, language)
    key = TEXTS.get(message.kind)
    if key is None or spoken not in city.languages:
        return words.headline
    return city.messages.render(spoken, key, headline=words.headline)


def description(city: City, message: Message, language: str) -> str:
    """What there is to read: of a cancellation, first why."""
    spoken, words = words_of(city, message, language)
    note = message.note.get(spoken)
    return f"{note}\n\n{words.description}" if note else words.description


def instruction(city: City, message: Message, language: str) -> str:
    """What people are to do; nothing any more where it was taken back."""
    if message.kind is MessageKind.CANCEL:
        return ""
    return words_of(city, message, language)[1].instruction


def place(city: City, content: Content, language: str) -> str:
    """The area in words: the names of its units, or the city's."""
    reach = content.reach
    if reach.everywhere:
        return city.name[language]
    names = [city.units[code].name[language] for code in reach.units if code in city.units]
    return ", ".join(names)
