from datetime import time, timedelta
from uuid import UUID

import msgspec
import pytest
import time_machine

from smartcity.clock import now
from smartcity.errors import Invalid, NotFound
from smartcity.identifiers import new_id, token_hash
from smartcity.identity.devices.model import (
    ADDRESS_DAYS,
    DeviceChange,
    NewDevice,
    Platform,
    PushAddress,
    QuietHours,
)
from smartcity.identity.devices.service import DeviceService
from smartcity.identity.roles import Role
from smartcity.storage.mongo import Database
from tests.unit.identity_parts import Identity

pytestmark = pytest.mark.anyio

PHONE = NewDevice(platform=Platform.ANDROID, language="vi", push=PushAddress("fid", "f-1"))
OTHER = PushAddress("token", "t-2")
BROWSER = NewDevice(platform=Platform.WEB, language="en")


async def reached(devices: DeviceService, *some: UUID) -> dict[UUID, PushAddress]:
    return {device: reach.address for device, reach in (await devices.reach(some)).items()}


async def test_a_token_is_told_once_and_only_its_hash_is_kept(database: Database):
    identity = Identity(database)
    device, token = await identity.devices.register(PHONE)
    assert token.startswith("d_")
    assert device.token_hash == token_hash(token)
    assert token not in str(await database["devices"].find_one())


async def test_a_device_is_read_as_it_was_written(database: Database):
    identity = Identity(database)
    device, _ = await identity.devices.register(PHONE)
    assert await identity.devices.get(device.id) == device


async def test_the_token_makes_the_caller_that_device(database: Database):
    identity = Identity(database)
    device, token = await identity.devices.register(PHONE)
    actor = await identity.devices.actor(token_hash(token))
    assert actor is not None
    assert (actor.id, actor.roles, actor.language) == (device.id, {Role.DEVICE}, "vi")


async def test_a_language_that_the_city_does_not_speak_is_refused(database: Database):
    identity = Identity(database)
    with pytest.raises(Invalid) as refusal:
        await identity.devices.register(NewDevice(platform=Platform.IOS, language="fr"))
    assert [field.path for field in refusal.value.fields] == ["language"]
    assert await database["devices"].count_documents({}) == 0


async def test_a_change_leaves_what_it_does_not_name(database: Database):
    identity = Identity(database)
    device, _ = await identity.devices.register(PHONE)
    quiet = QuietHours.between(time(22), time(6, 30))
    await identity.devices.update(device.id, DeviceChange(quiet_hours=quiet))
    changed = await identity.devices.update(device.id, DeviceChange(units=("u2", "u1", "u2")))
    assert (changed.units, changed.quiet_hours, changed.push, changed.language) == (
        ("u2", "u1"),
        quiet,
        PHONE.push,
        "vi",
    )


async def test_null_takes_away(database: Database):
    identity = Identity(database)
    device, _ = await identity.devices.register(PHONE)
    assert (await identity.devices.update(device.id, DeviceChange(push=None))).push is None


async def test_an_empty_change_changes_nothing(database: Database):
    identity = Identity(database)
    device, _ = await identity.devices.register(PHONE)
    assert await identity.devices.update(device.id, DeviceChange()) == device


async def test_units_that_the_city_does_not_have_are_named(database: Database):
    identity = Identity(database)
    device, _ = await identity.devices.register(PHONE)
    with pytest.raises(Invalid) as refusal:
        await identity.devices.update(device.id, DeviceChange(units=("u1", "nowhere")))
    assert [field.path for field in refusal.value.fields] == ["units.1"]
    assert await identity.devices.get(device.id) == device


async def test_a_device_that_is_not_there_cannot_change(database: Database):
    identity = Identity(database)
    with pytest.raises(NotFound):
        await identity.devices.update(new_id(), DeviceChange(language="en"))


async def test_a_push_address_rings_at_the_device_that_named_it_last(database: Database):
    devices = Identity(database).devices
    first, _ = await devices.register(PHONE)
    again, _ = await devices.register(PHONE)
    assert await reached(devices, first.id, again.id) == {again.id: PHONE.push}
    await devices.update(first.id, DeviceChange(push=PHONE.push))
    assert await reached(devices, first.id, again.id) == {first.id: PHONE.push}


async def test_addresses_are_of_those_who_have_one(database: Database):
    devices = Identity(database).devices
    phone, _ = await devices.register(PHONE)
    browser, _ = await devices.register(BROWSER)
    everybody = [phone.id, browser.id, new_id()]
    assert await reached(devices, *everybody) == {phone.id: PHONE.push}
    assert await devices.languages(everybody) == {phone.id: "vi", browser.id: "en"}


async def test_a_dead_push_address_is_forgotten_and_its_device_stays(database: Database):
    devices = Identity(database).devices
    phone, _ = await devices.register(PHONE)
    await devices.forget([PushAddress("token", "f-1")])
    assert (await devices.get(phone.id)).push == PHONE.push
    await devices.forget([PushAddress("fid", "f-1")])
    assert (await devices.get(phone.id)).push is None


async def test_the_address_of_a_device_that_was_silent_for_270_days_is_forgotten_and_it_stays(
    database: Database,
):
    devices = Identity(database).devices
    silent, token = await devices.register(PHONE)
    with time_machine.travel(now() + timedelta(days=ADDRESS_DAYS - 1), tick=False):
        seen, _ = await devices.register(msgspec.structs.replace(PHONE, push=OTHER))
        assert await devices.forget_silent(now()) == 0
    with time_machine.travel(now() + timedelta(days=ADDRESS_DAYS + 1), tick=False):
        assert await devices.forget_silent(now()) == 1
        assert await devices.forget_silent(now()) == 0
        assert await reached(devices, silent.id, seen.id) == {seen.id: OTHER}
        assert await devices.actor(token_hash(token)) is not None
        await devices.update(silent.id, DeviceChange(push=PHONE.push))
        assert await devices.forget_silent(now()) == 0


async def test_that_a_device_was_seen_is_noted_once_a_day(database: Database):
    devices = Identity(database).devices
    device, token = await devices.register(PHONE)
    await devices.actor(token_hash(token))
    assert (await devices.get(device.id)).seen_at == device.seen_at
    with time_machine.travel(now() + timedelta(days=2), tick=False):
        await devices.actor(token_hash(token))
        assert (await devices.get(device.id)).seen_at == now()
