"""What `smartcity doctor` looks at: one short function for each part of an installation."""

import os
from collections import Counter
from pathlib import Path
from typing import Final

import msgspec

from smartcity.audit.store import AuditStore, HeadLost
from smartcity.city import City, PackError, load_city
from smartcity.cli.failures import describe
from smartcity.cli.findings import Finding, State
from smartcity.cli.mail import mail_server
from smartcity.cli.opening import open_database
from smartcity.cli.schema import every_index
from smartcity.cli.text_messages import text_budget, text_gateway
from smartcity.feed.store import FeedStore
from smartcity.geography.store import BoundaryStore
from smartcity.identity.key_files import FILE as PERSONAL_KEYS
from smartcity.identity.key_files import keys_of
from smartcity.identity.oidc.issuers import Issuer, load_issuers
from smartcity.identity.oidc.keys import IssuerError, fetch_keys
from smartcity.identity.roles import Role
from smartcity.identity.staff.store import StaffStore
from smartcity.notifications.letters.store import LetterStore
from smartcity.notifications.model import PushState
from smartcity.notifications.store import NotificationStore
from smartcity.reports.codes import refuse_lost_codes
from smartcity.reports.lists.store import ReportLists
from smartcity.settings import Settings, SettingsError, load_settings
from smartcity.storage.binary import EmbeddedServerError, find_server
from smartcity.storage.migrations import lacking_indexes
from smartcity.storage.mongo import Database, DatabaseError, members_of
from smartcity.storage.owner import owner_of
from smartcity.storage.processes import most_files

OLDEST_SUPPORTED: Final = (7, 0)
"""The oldest MongoDB that its maker still mends."""

BEHIND: Final = 1_000
"""A feed of so many unread events is no longer a moment's."""

FILES: Final = 4_096
"""Some hundreds for the embedded database's collections and indexes, the rest for connections."""

NO_ANSWER: Final = "no answer"


async def examine(settings: Settings) -> list[Finding]:
    """Look at everything; what cannot be looked at is a finding too."""
    city, pack = _pack(settings)
    findings = [_settings(settings), pack, _address(settings), _secret(settings)]
    findings.append(_personal_keys(settings))
    findings += [await _issuers(settings)]
    findings += [_attachments(settings), _push(settings)]
    findings += [await mail_server(settings), await text_gateway(settings, city)]
    findings += [_limits(settings), _files(settings)]
    try:
        async with open_database(settings) as (_, database):
            findings += await _database(settings, city, database)
    except (DatabaseError, EmbeddedServerError) as error:
        findings.append(Finding("database", State.WRONG, describe(error)))
    return findings


def _settings(settings: Settings) -> Finding:
    written, in_use = (
        msgspec.structs.asdict(which) for which in (load_settings(environment={}), settings)
    )
    changed = sorted(name for name in in_use if in_use[name] != written[name])
    return Finding(
        "settings",
        State.GOOD,
        f"config/settings.toml, overridden: {', '.join(changed) or 'nothing'}",
    )


def _pack(settings: Settings) -> tuple[City | None, Finding]:
    try:
        city = load_city(settings.city_dir)
    except PackError as error:
        return None, Finding("city pack", State.WRONG, describe(error))
    found = f"{settings.city_dir}: {_name(city)}, {len(city.units)} units"
    ours = sum(not limit.settled for limit in city.limits)
    if ours:
        found = f"{found}; {ours} deadlines are not the city's own"
    return city, Finding("city pack", State.MIND if ours else State.GOOD, found)


def _name(city: City) -> str:
    return city.name[city.languages[0]]


def _address(settings: Settings) -> Finding:
    found = settings.public_url or f"http://{settings.host}:{settings.port}"
    if settings.public_url.startswith("http://"):
        return Finding("address", State.MIND, f"{found}: without TLS")
    return Finding("address", State.GOOD, found)


def _secret(settings: Settings) -> Finding:
    if settings.secret_key:
        return Finding("secret key", State.GOOD, "configured")
    file = settings.data_path / "secret.key"
    if file.exists():
        return Finding("secret key", State.MIND, f"made here: keep a copy of {file}")
    return Finding("secret key", State.MIND, f"none yet: the first start makes {file}")


def _personal_keys(settings: Settings) -> Finding:
    file = settings.data_path / PERSONAL_KEYS
    if not settings.personal_keys and not file.exists():
        return Finding(
            "data keys", State.MIND, f"none yet: made in {file} with the first personal data"
        )
    try:
        count = len(keys_of(settings)())
    except SettingsError as error:
        return Finding("data keys", State.WRONG, describe(error))
    found = f"{count} key{'s' if count > 1 else ''} in use"
    if settings.personal_keys:
        return Finding("data keys", State.GOOD, f"{found}, configured")
    return Finding("data keys", State.MIND, f"{found}: keep a copy of {file}")


async def _issuers(settings: Settings) -> Finding:
    what = "sign-in"
    try:
        issuers = load_issuers(settings.oidc_issuers)
    except SettingsError as error:
        return Finding(what, State.WRONG, str(error))
    if not issuers:
        return Finding(what, State.GOOD, "none: citizens need no account, staff have local ones")
    found = [f"{one.name} for {one.audience}: {await _keys_of(one)}" for one in issuers]
    state = State.MIND if any(NO_ANSWER in line for line in found) else State.GOOD
    return Finding(what, state, "; ".join(found))


async def _keys_of(issuer: Issuer) -> str:
    try:
        return f"{len(await fetch_keys(issuer))} keys"
    except IssuerError as error:
        return f"{NO_ANSWER}: {error}"


def _attachments(settings: Settings) -> Finding:
    if settings.attachments:
        return Finding("attachments", State.GOOD, settings.attachments)
    folder = settings.data_path / "attachments"
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if os.access(nearest, os.W_OK):
        return Finding("attachments", State.GOOD, f"{folder}: this machine only")
    return Finding("attachments", State.WRONG, f"{folder} cannot be written")


def _push(settings: Settings) -> Finding:
    if not settings.fcm_credentials and not settings.fcm_endpoint:
        return Finding("push", State.MIND, "not configured: recorded as not sent")
    if settings.fcm_credentials and not Path(settings.fcm_credentials).is_file():
        return Finding("push", State.WRONG, f"{settings.fcm_credentials} is not there")
    where = f" through {settings.fcm_endpoint}" if settings.fcm_endpoint else ""
    project = settings.fcm_project or "of the credentials"
    return Finding("push", State.GOOD, f"Firebase project {project}{where}")


def _limits(settings: Settings) -> Finding:
    if settings.rate_limits == "off":
        return Finding("rate limits", State.MIND, "off: for benchmarks only")
    return Finding("rate limits", State.GOOD, "on")


def _files(settings: Settings) -> Finding:
    most = most_files()
    if not settings.mongo_uri and most < FILES:
        found = f"{most:,} at most: the embedded database wants {FILES:,} (`ulimit -Hn`)"
        return Finding("open files", State.MIND, found)
    return Finding("open files", State.GOOD, f"{most:,} at most")


async def _database(settings: Settings, city: City | None, database: Database) -> list[Finding]:
    return [
        await _server(settings, database),
        await _replica_set(database),
        await _schema(settings, database),
        await _owner(city, database),
        await _codes(settings, city, database),
        await _boundaries(city, database),
        await _feed(database),
        await _pushes(database),
        *([await text_budget(city, database)] if city and city.sms.monthly_parts else []),
        await _letters(database),
        await _officers(city, database),
        await _audit(database),
    ]


async def _server(settings: Settings, database: Database) -> Finding:
    version: str = (await database.client.server_info())["version"]
    if not settings.mongo_uri and (await find_server()).packaged:
        found = f"packaged MongoDB {version}: for trying and testing on this machine only"
        return Finding("database", State.MIND, found)
    where = "embedded"
    if settings.mongo_uri:
        where = ", ".join(members_of(settings.mongo_uri))
    major, minor = map(int, version.split(".")[:2])
    state = State.GOOD if (major, minor) >= OLDEST_SUPPORTED else State.MIND
    old = "" if state is State.GOOD else ", which its maker mends no longer"
    return Finding("database", state, f"MongoDB {version}{old}, at {where}")


async def _replica_set(database: Database) -> Finding:
    hello = await database.client.admin.command("hello")
    if "setName" not in hello:
        return Finding("replica set", State.WRONG, "none: transactions need one")
    members = len(hello["hosts"])
    found = f"{hello['setName']} of {members}"
    if members < 3:
        return Finding("replica set", State.MIND, f"{found}: does not survive the loss of its disk")
    return Finding("replica set", State.GOOD, found)


async def _schema(settings: Settings, database: Database) -> Finding:
    wanted = every_index(settings)
    if lacking := await lacking_indexes(database, wanted):
        found = f"indexes missing in {', '.join(sorted(lacking))}: run `smartcity migrate`"
        return Finding("indexes", State.WRONG, found)
    return Finding("indexes", State.GOOD, f"all {sum(map(len, wanted.values()))}")


async def _owner(city: City | None, database: Database) -> Finding:
    owner = await owner_of(database)
    if city and owner and owner != city.code:
        return Finding("data", State.WRONG, f"{owner}'s, and the city pack is {city.code}'s")
    return Finding("data", State.GOOD, f"{owner}'s" if owner else "nobody's yet")


async def _codes(settings: Settings, city: City | None, database: Database) -> Finding:
    try:
        if city and await owner_of(database) in (None, city.code):
            await refuse_lost_codes(ReportLists(database), city, settings.city_dir)
    except PackError as error:
        return Finding("codes", State.WRONG, "; ".join(map(str, error.mistakes)))
    return Finding("codes", State.GOOD, "the pack has all that reports name")


async def _boundaries(city: City | None, database: Database) -> Finding:
    if city and not city.units:
        return Finding("boundaries", State.GOOD, "not needed: the city has no units")
    version = await BoundaryStore(database).current_version()
    if version is None:
        found = "none imported: units are approximate, and every answer says so"
        return Finding("boundaries", State.MIND, found)
    return Finding("boundaries", State.GOOD, f"version {version}")


async def _feed(database: Database) -> Finding:
    feed = FeedStore(database)
    behind, aside = await feed.behind(), await feed.count_set_aside()
    found = f"{behind} events unread by a consumer, {aside} set aside"
    return Finding("feed", State.MIND if aside or behind > BEHIND else State.GOOD, found)


async def _pushes(database: Database) -> Finding:
    counts = await NotificationStore(database).push_counts()
    told = {
        state: sum(counts[state].values()) for state in PushState if state is not PushState.NONE
    }
    found = ", ".join(f"{count} {state.value.replace('_', ' ')}" for state, count in told.items())
    unsent = told[PushState.NOT_SENT] + told[PushState.FAILED]
    return Finding("pushes", State.MIND if unsent else State.GOOD, found)


async def _letters(database: Database) -> Finding:
    told = Counter[PushState]()
    for (_, state, _), count in (await LetterStore(database).counts()).items():
        told[state] += count
    del told[PushState.NONE]
    found = ", ".join(f"{count} {state.value.replace('_', ' ')}" for state, count in told.items())
    unsent = told[PushState.NOT_SENT] + told[PushState.FAILED]
    return Finding("letters", State.MIND if unsent else State.GOOD, found or "none yet")


async def _officers(city: City | None, database: Database) -> Finding:
    """Whether anybody could warn the city tonight, and whether there is a second person to it."""
    needed = 2 if city and city.alerts.second_person else 1
    officers = await StaffStore(database).with_role(Role.ALERTER, None, needed)
    if len(officers) >= needed:
        return Finding("alerts", State.GOOD, "there are officers to issue them")
    second = "; the pack demands two for grave ones" if needed > 1 else ""
    return Finding("alerts", State.MIND, f"{len(officers)} with the role alerter{second}")


async def _audit(database: Database) -> Finding:
    store = AuditStore(database)
    try:
        count = (await store.head()).count
    except HeadLost as error:
        return Finding("audit log", State.WRONG, str(error))
    latest = await store.heads(limit=1)
    day = f"head of {latest[0].date} published" if latest else "no head published yet"
    return Finding("audit log", State.GOOD, f"{count:,} entries, {day}")
