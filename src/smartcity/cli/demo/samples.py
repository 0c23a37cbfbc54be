"""The pack's `samples.toml`: read, and checked like the rest of it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta

from smartcity.city import City, Mistake, PackError
from smartcity.city.messages import placeholders
from smartcity.city.model import Struct
from smartcity.city.reading import Page
from smartcity.settings import SettingsError

FILE: Final = "samples.toml"

OF_THE_PLACE: Final = frozenset({"street", "unit", "number"})
ELSEWHERE: Final = "elsewhere"

Texts = Annotated[tuple[str, ...], Meta(min_length=1)]


class Names(Struct, frozen=True, kw_only=True):
    """What names of people are put together from."""

    surnames: Texts
    middles: Texts
    givens: Texts


class Sample(Struct, frozen=True, kw_only=True):
    """What citizens write about a category, and how often."""

    category: str
    weight: Annotated[int, Meta(ge=1)] = 1
    texts: Texts


class StaffWords(Struct, frozen=True, kw_only=True):
    """What staff answer and ask in a field."""

    field: str
    resolved: Texts
    questions: Texts


class Rejection(Struct, frozen=True, kw_only=True):
    reason: str
    texts: Texts


class Phrases(Struct, frozen=True, kw_only=True):
    """What else is said in the course of things."""

    replies: Texts
    transfers: Texts
    corrections: Texts
    extensions: Texts
    reopenings: Texts
    comments: Texts
    notes: Texts
    thanks: Texts
    unmergings: Texts
    withdrawals: Texts
    refusals: Texts
    tasks: Texts
    task_answers: Texts
    task_refusals: Texts
    task_ends: Texts
    hidings: Texts
    showings: Texts
    disclosures: Texts


class Samples(Struct, frozen=True, kw_only=True):
    """The whole file. `streets`: unit code → its streets; `words`: placeholder → what fills it."""

    agencies: Texts
    issuer: str
    collect_place: str
    addresses: Texts
    people: Names
    streets: Mapping[str, Texts]
    words: Mapping[str, Texts]
    sample: Annotated[tuple[Sample, ...], Meta(min_length=1)]
    staff: tuple[StaffWords, ...]
    rejection: Annotated[tuple[Rejection, ...], Meta(min_length=1)]
    phrases: Phrases


def load_samples(folder: Path, city: City) -> Samples:
    """Read and check a pack's samples.

    Raises `SettingsError` for a pack that has none, and `PackError` with every mistake.
    """
    if not (folder / FILE).exists():
        raise SettingsError(f"--demo needs the sample texts of a city: {folder} has no {FILE}")
    mistakes: list[Mistake] = []
    page = Page(folder / FILE, mistakes)
    table = page.toml()
    samples = page.struct(Samples, table, "") if page.readable else None
    if samples is not None:
        for where, reason in _wrong(samples, city):
            page.wrong(where, reason)
    if samples is None or mistakes:
        raise PackError(folder, mistakes)
    return samples


def _wrong(samples: Samples, city: City) -> Iterator[tuple[str, str]]:
    known = (
        ("agencies", "agency", samples.agencies, city.agencies),
        ("sample", "category", [one.category for one in samples.sample], city.categories),
        ("rejection", "reason", [one.reason for one in samples.rejection], city.reasons),
        ("streets", "unit", samples.streets.keys() - {ELSEWHERE}, city.units),
    )
    for where, word, codes, there in known:
        for code in codes:
            if code not in there:
                yield f"{where}.{code}", f"there is no {word} {code}"
    if ELSEWHERE not in samples.streets:
        yield f"streets.{ELSEWHERE}", "is missing"
    spoken = {one.field for one in samples.staff}
    for one in samples.sample:
        category = city.categories.get(one.category)
        if category is not None and category.field not in spoken:
            yield f"staff.{category.field}", f"is missing, but {one.category} needs its answers"
    filled = OF_THE_PLACE | samples.words.keys()
    for where, text in _templates(samples):
        try:
            unknown = placeholders(text) - filled
        except ValueError as error:
            yield where, f"has braces that cannot be filled: {error}"
        else:
            for name in sorted(unknown):
                yield where, f"has {{{name}}}, which nothing fills"


def _templates(samples: Samples) -> Iterator[tuple[str, str]]:
    for one in samples.sample:
        yield from ((f"sample.{one.category}", text) for text in one.texts)
    for field in samples.staff:
        texts = (*field.resolved, *field.questions)
        yield from ((f"staff.{field.field}", text) for text in texts)
    for rejection in samples.rejection:
        yield from ((f"rejection.{rejection.reason}", text) for text in rejection.texts)
    for key in Phrases.__struct_fields__:
        yield from ((f"phrases.{key}", text) for text in getattr(samples.phrases, key))
    yield from (("addresses", text) for text in samples.addresses)
