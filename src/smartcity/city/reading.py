"""Files into structs, with everything said at once that is wrong with their form.

Nothing here knows what the things mean together: that is `check.py`.
"""

import csv
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from pathlib import Path
from types import UnionType
from typing import Any, Final, TypeVar, cast, get_args, get_origin

import msgspec

from smartcity.city.mistakes import Mistake
from smartcity.city.model import Struct, Texts

Table = dict[str, Any]
kind_of = TypeVar("kind_of", bound=Struct)

WRONG: Final = object()
"""In the place of a value that was refused; why has been said."""


class Page:
    """One file while it is read. `mistakes` gathers what is wrong in this and the other files."""

    def __init__(
        self, path: Path, mistakes: list[Mistake], languages: Sequence[str] = (), name: str = ""
    ) -> None:
        self.path = path
        self.name = name or path.name
        self.readable = True
        self._mistakes = mistakes
        self.languages = languages
        self._strict = path.suffix != ".csv"  # in a CSV every value is a text

    def wrong(self, where: str, reason: str) -> None:
        self._mistakes.append(Mistake(self.name, where, reason))

    def _unreadable(self, where: str, reason: str) -> None:
        self.readable = False
        self.wrong(where, reason)

    def _text(self) -> str:
        try:
            return self.path.read_text("utf-8-sig")  # spreadsheets and Notepad write the mark
        except FileNotFoundError:
            self._unreadable("", "the file is missing")
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            self._unreadable(f"line {line}", "is not UTF-8")
        return ""

    def toml(self) -> Table:
        """The file's table; empty if it cannot be read."""
        text = self._text()
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            line = re.search(r"at line (\d+)", str(error))
            number = int(line[1]) if line else text.count("\n") + 1
            self._unreadable(f"line {number}", str(error))
            return {}

    def csv(self, required: Collection[str], allowed: Collection[str]) -> list[tuple[str, Table]]:
        """The rows with where they stand, without their empty cells."""
        reader = csv.reader(self._text().splitlines(), strict=True)
        rows: list[tuple[str, Table]] = []
        try:
            header = next(reader, list[str]())
            if self.readable and not self._header_is_good(header, required, allowed):
                return []
            for cells in reader:
                where = f"line {reader.line_num}"
                if cells and len(cells) != len(header):
                    self.wrong(where, f"has {len(cells)} cells, the header {len(header)}")
                elif cells:
                    named = zip(header, cells, strict=True)
                    rows.append((where, {k: v.strip() for k, v in named if v.strip()}))
        except csv.Error as error:
            self._unreadable(f"line {reader.line_num}", str(error))
        return rows

    def _header_is_good(
        self, header: Sequence[str], required: Collection[str], allowed: Collection[str]
    ) -> bool:
        wrong = [f"has no column {name}" for name in required if name not in header]
        wrong += [f"has an unknown column {name}" for name in header if name not in allowed]
        wrong += [f"has column {name} twice" for name in set(header) if header.count(name) > 1]
        for reason in wrong:
            self._unreadable("line 1", reason)
        return not wrong

    def struct(self, kind: type[kind_of], table: object, where: str) -> kind_of | None:
        """The table as a struct, or none after saying everything that is wrong in it."""
        if not isinstance(table, dict):
            self.wrong(where, "must be a table")
            return None
        given = cast(Table, table)
        fields = fields_of(kind)
        for key in sorted(given.keys() - fields.keys()):
            self.wrong(join(where, key), f"is not a key here; known are {', '.join(fields)}")
        values: Table = {}
        for name, field in fields.items():
            if name in given:
                values[name] = self._value(field.type, given[name], join(where, name))
            elif field.required:
                values[name] = WRONG
                self.wrong(join(where, name), "is missing")
        if WRONG in values.values() or given.keys() - fields.keys():
            return None
        return kind(**values)

    def _value(self, kind: Any, value: Any, where: str) -> Any:
        if kind == Texts:
            return self._texts(value, where)
        if kind == Mapping[str, Texts] and isinstance(value, dict):
            named = cast(Table, value).items()
            return _all_or_wrong({k: self._texts(v, join(where, k)) for k, v in named})
        inner = _struct_in(kind)
        if inner is None:
            return self._plain(kind, value, where)
        if get_origin(kind) is not tuple:
            made = self.struct(inner, value, where)
            return WRONG if made is None else made
        if not isinstance(value, list):
            self.wrong(where, f"must be a list of tables, written [[{where}]]")
            return WRONG
        items = [
            self.struct(inner, item, where_of(where, number, item))
            for number, item in enumerate(cast(list[Any], value), 1)
        ]
        return WRONG if None in items else tuple(items)

    def _plain(self, kind: Any, value: Any, where: str) -> Any:
        if value is WRONG:
            return WRONG
        try:
            return msgspec.convert(value, kind, strict=self._strict)
        except msgspec.ValidationError as error:
            reason, _, path = str(error).partition(" - at `$")
            if isinstance(kind, type) and issubclass(kind, Enum):
                reason += f"; known are {', '.join(str(member.value) for member in kind)}"
            self.wrong(where + path.rstrip("`"), reason)
            return WRONG

    def _texts(self, value: object, where: str) -> Any:
        texts = self._plain(dict[str, str], value, where)
        if texts is WRONG:
            return WRONG
        wrong = {
            language: "is missing" if language not in texts else "is empty"
            for language in self.languages
            if not texts.get(language, "").strip()
        }
        if self.languages:
            foreign = f"is not a language of this city ({', '.join(self.languages)})"
            wrong |= dict.fromkeys(sorted(texts.keys() - set(self.languages)), foreign)
        for language, reason in wrong.items():
            self.wrong(join(where, language), reason)
        return WRONG if wrong else texts


def where_of(word: str, number: int, table: object) -> str:
    """Where a table in a list of tables stands: by its code, or by its number, counted from 1."""
    code = cast(Table, table).get("code") if isinstance(table, dict) else None
    return f"{word}.{code}" if isinstance(code, str) else f"{word}[{number}]"


def join(where: str, key: str) -> str:
    if not where:
        return key
    in_a_row = where.startswith("line ") and "," not in where
    return f"{where}, {key}" if in_a_row else f"{where}.{key}"


def _all_or_wrong(values: Table) -> Any:
    return WRONG if WRONG in values.values() else values


@lru_cache(maxsize=64)
def fields_of(kind: type[Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    return {field.name: field for field in msgspec.structs.fields(kind)}


def _struct_in(kind: Any) -> type[Struct] | None:
    """The struct that a field holds: itself, perhaps, or a tuple of them."""
    inside = get_args(kind) if get_origin(kind) in (tuple, UnionType) else (kind,)
    return next((k for k in inside if isinstance(k, type) and issubclass(k, Struct)), None)
