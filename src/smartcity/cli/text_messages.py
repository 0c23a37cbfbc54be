"""What `smartcity doctor` looks at of text messages: their gateway, and the month's budget."""

from typing import Final
from urllib.parse import urlsplit

from smartcity.city import City
from smartcity.cli.failures import not_reached
from smartcity.cli.findings import Finding, State
from smartcity.notifications.letters.sms.budget import SmsBudget
from smartcity.notifications.letters.sms.gateway import load_gateway
from smartcity.notifications.letters.sms.posting import try_gateway
from smartcity.notifications.letters.sms.store import SmsBudgetStore
from smartcity.settings import Settings, SettingsError
from smartcity.storage.mongo import Database

NEARLY: Final = 0.8
"""A budget is nearly used up when so much of it is spent."""


async def text_gateway(settings: Settings, city: City | None) -> Finding:
    what = "sms gateway"
    try:
        opened = load_gateway(settings.sms_gateway, settings.sms_secret)
    except SettingsError as error:
        return Finding(what, State.WRONG, str(error))
    if city and not city.sms.monthly_parts:
        return Finding(what, State.GOOD, "none: the pack has no budget for them")
    if opened is None:
        return Finding(what, State.MIND, "no gateway: recorded as not sent")
    found = f"through {urlsplit(opened.gateway.url).hostname}"
    try:
        await try_gateway(opened.gateway)
    except OSError as error:
        return Finding(what, State.WRONG, f"{found}: {not_reached(error)}")
    found = f"{found}, which was reached (no message was tried)"
    if not opened.gateway.repeats_dropped:
        return Finding(what, State.MIND, f"{found}; it may send a repeat twice: paid each time")
    return Finding(what, State.GOOD, found)


async def text_budget(city: City, database: Database) -> Finding:
    standing = await SmsBudget(SmsBudgetStore(database), city).standing()
    found = f"{standing.spent:,} of {standing.budget:,} parts spent in {standing.month}"
    nearly = standing.spent >= standing.budget * NEARLY
    return Finding("sms budget", State.MIND if nearly else State.GOOD, found)
