"""The texts people read, once a pack is loaded."""

from collections.abc import Mapping

import msgspec


class _Values(dict[str, object]):
    """A missing value shows as “…”: an error may carry fewer details than its text has room for."""

    def __missing__(self, name: str) -> str:
        return "…"


class Messages(msgspec.Struct, frozen=True):
    """Texts by language and dotted key (`errors.not_found`), with `{placeholders}`."""

    texts: Mapping[str, Mapping[str, str]]

    def render(self, language: str, key: str, /, **values: object) -> str:
        """The text in a language the pack has. Raises `KeyError` for a key that is not there."""
        return self.texts[language][key].format_map(_Values(values))
