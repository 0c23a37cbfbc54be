"""Keys of persons and of the installation: what they read, and what they no longer do."""

import time
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import pytest

from smartcity.identifiers import new_id
from smartcity.identity.key_files import FILE, SEEN_WITHIN_S, ConfiguredKeys, KeyFile, keys_of
from smartcity.identity.personal import PersonalData, UnreadableError
from smartcity.identity.persons.rotation import PAGE, Rotation
from smartcity.identity.persons.service import PersonKeys
from smartcity.identity.persons.store import (
    PERSON_KEYS,
    PersonKeyStore,
    RotationStore,
    Sealed,
    SealedField,
)
from smartcity.identity.phones import Phones
from smartcity.settings import SettingsError, load_settings
from smartcity.storage.mongo import Database

pytestmark = pytest.mark.anyio

SECRET = bytes(range(32))
OTHERS = "others"
"""Documents whose field `kept` lies under the installation's key directly."""


@pytest.fixture
def keys(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / FILE)


def persons(database: Database, keys: KeyFile) -> PersonKeys:
    """A process of its own."""
    return PersonKeys(PersonKeyStore(database), PersonalData(SECRET, keys))


def rotation(database: Database, personal: PersonalData) -> Rotation:
    fields = [SealedField(database, PERSON_KEYS, "wrapped"), SealedField(database, OTHERS, "kept")]
    return Rotation(personal, fields, RotationStore(database))


def heard(field: str, renewed: int) -> None:
    """Nobody listens."""


async def test_a_persons_text_is_read_with_their_key_and_as_theirs_only(
    database: Database, keys: KeyFile
) -> None:
    one, other = new_id(), new_id()
    service = persons(database, keys)
    kept, others = await service.encrypt(one, "0912345678"), await service.encrypt(other, "x")
    assert await persons(database, keys).decrypt(one, kept) == "0912345678"
    with pytest.raises(UnreadableError):
        await service.decrypt(other, kept)
    assert await service.decrypt(other, others) == "x"


async def test_two_processes_give_a_person_one_key(database: Database, keys: KeyFile) -> None:
    person = new_id()
    one, other = persons(database, keys), persons(database, keys)
    texts = [await one.encrypt(person, "a"), await other.encrypt(person, "b")]
    assert [await one.decrypt(person, kept) for kept in texts] == ["a", "b"]


async def test_a_destroyed_key_takes_its_texts_with_it_for_ever(
    database: Database, keys: KeyFile
) -> None:
    person, service = new_id(), persons(database, keys)
    kept = await service.encrypt(person, "0912345678")
    await service.destroy([person])
    with pytest.raises(UnreadableError):
        await service.decrypt(person, kept)
    assert await service.decrypt(person, await service.encrypt(person, "new")) == "new"
    with pytest.raises(UnreadableError):
        await service.decrypt(person, kept)


async def test_texts_of_before_there_were_keys_are_still_read(
    database: Database, keys: KeyFile
) -> None:
    old = PersonalData(SECRET).encrypt("0912345678")
    assert PersonalData(SECRET, keys).decrypt(old) == "0912345678"
    assert await persons(database, keys).decrypt(new_id(), old) == "0912345678"


def test_the_file_is_made_once_and_readable_by_us_alone(keys: KeyFile) -> None:
    first = keys()
    assert KeyFile(keys.path)() == first
    assert keys.path.stat().st_mode & 0o777 == 0o600
    keys.add()
    assert keys.path.stat().st_mode & 0o777 == 0o600
    assert list(keys())[1:] == list(first)


def test_a_process_that_runs_writes_under_a_new_key_soon_and_reads_with_it_at_once(
    keys: KeyFile,
) -> None:
    running = PersonalData(SECRET, keys)
    old = running.encrypt("old")
    KeyFile(keys.path).add()
    new = PersonalData(SECRET, KeyFile(keys.path)).encrypt("new")
    assert new[:4] != old[:4]
    assert (running.decrypt(new), running.decrypt(old)) == ("new", "old")
    KeyFile(keys.path).add()
    time.sleep(SEEN_WITHIN_S)
    assert running.encrypt("again")[:4] not in {old[:4], new[:4]}


async def filled(database: Database, personal: PersonalData, count: int) -> list[UUID]:
    ids = [new_id() for _ in range(count)]
    documents = [{"_id": one, "kept": personal.encrypt(str(one))} for one in ids]
    await database[OTHERS].insert_many([*documents, {"_id": new_id()}, {"_id": new_id()}])
    return ids


async def key_ids(database: Database) -> set[bytes]:
    return {kept[:4] for kept in await database[OTHERS].distinct("kept")}


async def test_after_a_rotation_everything_lies_under_the_new_key(
    database: Database, keys: KeyFile
) -> None:
    personal, person = PersonalData(SECRET, keys), new_id()
    kept = await persons(database, keys).encrypt(person, "0912345678")
    ids = await filled(database, personal, PAGE + 5)
    keys.add()
    assert await rotation(database, personal).run(heard) == len(ids) + 1
    assert await key_ids(database) == {personal.newest}
    only_new = KeyFile(keys.path.with_name("new"))
    only_new.path.write_text(keys()[0].hex())
    assert await persons(database, only_new).decrypt(person, kept) == "0912345678"
    assert await rotation(database, personal).run(heard) == 0


async def test_a_rotation_that_was_cut_off_goes_on_where_it_was(
    database: Database, keys: KeyFile
) -> None:
    personal = PersonalData(SECRET, keys)
    ids = await filled(database, personal, PAGE + 5)
    keys.add()

    def dies(field: str, renewed: int) -> None:
        if renewed:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await rotation(database, personal).run(dies)
    assert await rotation(database, personal).is_unfinished()
    assert len(await key_ids(database)) == 2
    assert await rotation(database, personal).run(heard) == len(ids) - PAGE
    assert await key_ids(database) == {personal.newest}
    assert not await rotation(database, personal).is_unfinished()


async def test_what_is_written_during_a_rotation_is_not_overwritten(
    database: Database, keys: KeyFile
) -> None:
    personal = PersonalData(SECRET, keys)
    (one,) = await filled(database, personal, 1)
    field = SealedField(database, OTHERS, "kept")
    page: Sequence[Sealed] = await field.page(None, 10)
    fresh = personal.encrypt("written meanwhile")
    await database[OTHERS].update_one({"_id": one}, {"$set": {"kept": fresh}})
    await field.replace([(sealed, b"stale") for sealed in page if sealed.kept])
    found = await database[OTHERS].find_one({"_id": one})
    assert found is not None
    assert personal.decrypt(found["kept"]) == "written meanwhile"


def test_keys_may_come_from_the_environment_the_newest_first() -> None:
    new, old = bytes(32), bytes([1]) * 32
    written = PersonalData(SECRET, ConfiguredKeys(old.hex())).encrypt("text")
    variables = {"SMARTCITY_PERSONAL_KEYS": f"{new.hex()},{old.hex()}"}
    configured = keys_of(load_settings(environment=variables))
    personal = PersonalData(SECRET, configured)
    assert personal.decrypt(written) == "text"
    assert personal.encrypt("text")[:4] != written[:4]


@pytest.mark.parametrize("content", ["", "abc", "00" * 16, "zz" * 32])
def test_a_file_that_holds_something_else_is_named(keys: KeyFile, content: str) -> None:
    keys.path.write_text(content)
    with pytest.raises(SettingsError, match=FILE):
        keys()


def test_a_number_is_one_however_it_is_written_and_another_secret_finds_nothing() -> None:
    phones = Phones(SECRET, "VN")
    written = ("0912345678", "+84 912 345 678", "(091) 234-56-78", "0084912345678")
    assert len({phones.hash(number, "phone") for number in written}) == 1
    assert len({phones.caller(number, "phone") for number in written}) == 1
    assert phones.hash("0912345679", "phone") != phones.hash("0912345678", "phone")
    assert Phones(bytes(32), "VN").hash("0912345678", "phone") != phones.hash("0912345678", "phone")
