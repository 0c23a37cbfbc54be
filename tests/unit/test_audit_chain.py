"""Whatever single thing is done to a chain, the walk through it finds it, at the right place."""

import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartcity.audit.chain import Chain
from smartcity.audit.entries import entries, may_be_citizens
from smartcity.audit.model import START, AuditEntry
from smartcity.audit.verification import Broken, Mark, Walk
from smartcity.feed.event import Event, Internal, Published, Topic
from smartcity.identifiers import new_id
from smartcity.storage.mongo import to_document

CHAIN: Final = Chain(b"k" * 32)
NOON: Final = datetime(2026, 5, 3, 12, tzinfo=UTC)

Document = dict[str, Any]
Dice = random.Random

DICE: Final = st.integers(0, 1 << 64).map(Dice)


def _entry(number: int, dice: Dice) -> AuditEntry:
    def some(*values: Any) -> Any:
        return dice.choice(values)

    return AuditEntry(
        number=number,
        source=UUID(int=dice.getrandbits(128)),
        at=NOON + timedelta(milliseconds=dice.randrange(10**9)),
        topic=some(*Topic),
        action=some("receive", "resolve", "add_key"),
        actor=some(None, UUID(int=dice.getrandbits(128))),
        party=some(None, "handler", "clock"),
        subject=some(None, UUID(int=dice.getrandbits(128))),
        version=dice.randrange(5),
        status=some(None, "received"),
        agency=some(None, "so-xay-dung"),
        details=some({}, {"assignee": "x"}, {"b": "1", "a": "2"}),
    )


def _chain(dice: Dice) -> list[Document]:
    """Two to twelve entries as they lie in the database."""
    fresh = [_entry(number, dice) for number in range(1, dice.randrange(2, 13) + 1)]
    return [to_document(entry) for entry in CHAIN.link(START, fresh)]


CHAINS: Final = DICE.map(_chain)


def walked(documents: list[Document], *marks: Mark) -> Walk:
    walk = Walk(CHAIN, marks)
    for document in documents:
        walk.step(document)
    walk.finish()
    return walk


def end_of(documents: list[Document]) -> Mark:
    return Mark(documents[-1]["_id"], documents[-1]["mac"], "the head")


@given(CHAINS)
def test_an_untouched_chain_is_walked_to_its_end(documents: list[Document]) -> None:
    walk = walked(documents, end_of(documents))
    assert (walk.count, walk.mac) == (len(documents), documents[-1]["mac"])


OTHER: Final[Mapping[type, Callable[[Any], Any]]] = {
    int: lambda value: value + 1,
    str: lambda value: value + "x",
    bytes: lambda value: bytes([value[0] ^ 1]) + value[1:],
    UUID: lambda value: UUID(int=value.int ^ 1),
    datetime: lambda value: value + timedelta(milliseconds=1),
    dict: lambda value: {**value, "x": "y"},
}


def change_a_field(documents: list[Document], dice: Dice) -> int:
    place = dice.randrange(len(documents))
    document = dict(documents[place])
    name = dice.choice([name for name in document if name != "_id"])
    document[name] = OTHER[type(document[name])](document[name])
    documents[place] = document
    return place + 1


def take_a_field_out(documents: list[Document], dice: Dice) -> int:
    place = dice.randrange(len(documents))
    document = dict(documents[place])
    del document[dice.choice([name for name in document if name != "_id"])]
    documents[place] = document
    return place + 1


def put_a_field_in(documents: list[Document], dice: Dice) -> int:
    place = dice.randrange(len(documents))
    name = dice.choice(["x", "batch"])
    documents[place] = documents[place] | {name: new_id()}
    return place + 1


def take_one_out(documents: list[Document], dice: Dice) -> int:
    place = dice.randrange(len(documents))
    del documents[place]
    return place + 1


def take_one_out_and_number_anew(documents: list[Document], dice: Dice) -> int:
    place = take_one_out(documents, dice)
    renumber(documents)
    return place


def repeat_one(documents: list[Document], dice: Dice) -> int:
    place = dice.randrange(len(documents))
    documents.insert(place, documents[place])
    renumber(documents)
    return place + 2


def exchange_two(documents: list[Document], dice: Dice) -> int:
    first, second = sorted(dice.sample(range(len(documents)), 2))
    documents[first], documents[second] = documents[second], documents[first]
    renumber(documents)
    return first + 1


def exchange_two_numbers_and_all(documents: list[Document], dice: Dice) -> int:
    first, second = sorted(dice.sample(range(len(documents)), 2))
    documents[first], documents[second] = documents[second], documents[first]
    return first + 1


def cut_the_end_off(documents: list[Document], dice: Dice) -> int:
    left = dice.randrange(len(documents))
    del documents[left:]
    return left + 1


def renumber(documents: list[Document]) -> None:
    documents[:] = [document | {"_id": place} for place, document in enumerate(documents, 1)]


@pytest.mark.parametrize(
    "tamper",
    [
        change_a_field,
        take_a_field_out,
        put_a_field_in,
        take_one_out,
        take_one_out_and_number_anew,
        repeat_one,
        exchange_two,
        exchange_two_numbers_and_all,
        cut_the_end_off,
    ],
)
@given(documents=CHAINS, dice=DICE)
def test_any_single_change_is_found_where_it_was_made(
    tamper: Callable[[list[Document], Dice], int],
    documents: list[Document],
    dice: Dice,
) -> None:
    head = end_of(documents)
    number = tamper(documents, dice)
    with pytest.raises(Broken) as found:
        walked(documents, head)
    assert found.value.number == number


@given(documents=CHAINS, dice=DICE)
def test_a_chain_made_anew_with_the_secret_contradicts_an_earlier_head(
    documents: list[Document], dice: Dice
) -> None:
    head = end_of(documents)
    other = dice.choice(documents)["source"]
    fresh = [
        AuditEntry(
            number=number,
            source=UUID(int=d["source"].int ^ (d["source"] == other)),
            at=d["at"],
            topic=d["topic"],
            action=d["action"],
        )
        for number, d in enumerate(documents, 1)
    ]
    anew = [to_document(entry) for entry in CHAIN.link(START, fresh)]
    walked(anew, end_of(anew))
    with pytest.raises(Broken):
        walked(anew, head)


def test_a_wrong_mark_is_narrowed_down_by_those_before_it() -> None:
    fresh = [
        AuditEntry(number=n, source=new_id(), at=NOON, topic="report", action="receive")
        for n in range(1, 10)
    ]
    documents = [to_document(entry) for entry in CHAIN.link(START, fresh)]
    right = Mark(4, documents[3]["mac"], "Sunday's")
    with pytest.raises(Broken, match="from entry 5 on: up to entry 8 they are not those of Monday"):
        walked(documents, Mark(8, bytes(32), "Monday's"), right)


# --- which events are audited ---------------------------------------------------------------------


def event(party: str | None, topic: Topic = Topic.REPORT, action: str = "comment") -> Published:
    internal = Internal(status="received", actor=new_id(), party=party) if party else None
    told = Event(id=new_id(), topic=topic, action=action, at=NOON, internal=internal)
    return Published(seq=1, epoch="e", event=told)


@pytest.mark.parametrize(
    ("party", "audited"),
    [
        ("handler", True),
        ("supervisor", True),
        ("dispatcher", True),
        ("clock", True),
        ("somebody new", True),
        (None, True),
        ("reporter", False),
        ("stranger", False),
    ],
)
def test_everybodys_acts_are_audited_but_the_citizens(party: str | None, audited: bool) -> None:
    assert bool(entries([event(party)], (), number=0, place=0)) is audited


def test_what_staff_do_for_a_citizen_is_audited() -> None:
    told = event("reporter")
    staff = may_be_citizens([told])
    assert len(entries([told], staff, number=0, place=0)) == 1
