"""All things of one kind in a pack, as a TOML file or a CSV file lists them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar, cast, get_origin

from smartcity.city.model import Coded, Struct, Texts
from smartcity.city.reading import Page, Table, fields_of, join, where_of
from smartcity.city.times import with_times

kind_of = TypeVar("kind_of", bound=Struct)
coded = TypeVar("coded", bound=Coded)


class Sheet(Generic[kind_of]):
    """All things of one kind in a pack. `rows` holds the malformed ones too, so that what they
    refer to, and what refers to them, is checked all the same.
    """

    def __init__(self, kind: type[kind_of], word: str, page: Page) -> None:
        self.kind = kind
        self.word = word
        self.page = page
        self.rows: list[tuple[str, Table]] = []
        self.things: list[tuple[str, kind_of]] = []

    def add(self, where: str, table: object) -> None:
        thing = self.page.struct(self.kind, table, where)
        if isinstance(table, dict):
            self.rows.append((where, cast(Table, table)))
        if thing is not None:
            self.things.append((where, thing))

    @property
    def is_whole(self) -> bool:
        """Whether everything on it was read; if not, what is missing may be what is malformed."""
        return self.page.readable and len(self.things) == len(self.rows)

    def mentions(self, key: str) -> Iterator[tuple[str, str]]:
        """Where a key stands and the codes it holds, in the malformed rows too."""
        default = fields_of(self.kind)[key].default
        for where, row in self.rows:
            value: object = row.get(key, default)
            codes = cast(Sequence[object], value) if isinstance(value, list | tuple) else (value,)
            yield from ((join(where, key), code) for code in codes if isinstance(code, str))

    def codes(self) -> dict[str, Table]:
        """Code → the first row that has it."""
        codes: dict[str, Table] = {}
        for _, row in self.rows:
            if isinstance(row.get("code"), str):
                codes.setdefault(row["code"], row)
        return codes


def by_code(sheet: Sheet[coded]) -> dict[str, coded]:
    return {thing.code: thing for _, thing in sheet.things}


def read_tables(page: Page, kinds: Mapping[str, type[Struct]]) -> dict[str, Sheet[Any]]:
    """The sheets of a TOML file: word → its [[tables]]."""
    sheets: dict[str, Sheet[Any]] = {word: Sheet(kind, word, page) for word, kind in kinds.items()}
    for word, tables in page.toml().items():
        if word not in sheets:
            page.wrong(word, f"is not a key here; known are {', '.join(sheets)}")
        else:
            listed = cast(list[object], tables) if isinstance(tables, list) else [tables]
            for number, table in enumerate(listed, 1):
                where = where_of(word, number, table) if isinstance(tables, list) else word
                sheets[word].add(where, with_times(table, where, page))
    return sheets


def read_rows(page: Page, kind: type[Struct], word: str) -> Sheet[Any]:
    """The sheet of a CSV file, which a city may do without.

    A text has a column for each language: `name` for the city's first, `name_en` for another. A
    list has its values in one cell, with spaces between.
    """
    sheet: Sheet[Any] = Sheet(kind, word, page)
    page.readable = bool(page.languages)  # without them, no column of a text is known
    if not page.path.exists() or not page.readable:
        return sheet
    fields = fields_of(kind)
    texts = {
        name: {language: f"{name}_{language}" for language in page.languages}
        | {page.languages[0]: name}
        for name, field in fields.items()
        if field.type == Texts
    }
    lists = {name for name, field in fields.items() if get_origin(field.type) is tuple}
    text_columns = {column for columns in texts.values() for column in columns.values()}
    required = text_columns | {name for name, field in fields.items() if field.required}
    for where, row in page.csv(sorted(required), sorted(required | fields.keys())):
        values: Table = {name: text for name, text in row.items() if name not in text_columns}
        for name, columns in texts.items():
            values[name] = {
                language: row[column] for language, column in columns.items() if column in row
            }
        for name in lists & values.keys():
            values[name] = values[name].split()
        sheet.add(where, values)
    return sheet
