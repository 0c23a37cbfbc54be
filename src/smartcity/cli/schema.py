"""What the database must have before anything runs: every store's indexes, every migration."""

import importlib
import pkgutil
from typing import Final, cast

import smartcity
from smartcity.feed.store import feed_indexes
from smartcity.notifications.store import drop_old_push_index
from smartcity.notifications.subscriptions.store import subscribe_everybody
from smartcity.reports.clockwork.store import (
    tell_risks,
    tell_risks_by_warnings,
    watch_what_was_there,
)
from smartcity.reports.store import complete_promises
from smartcity.settings import Settings
from smartcity.storage.migrations import Index, Indexes, Migration

MIGRATIONS: Final[tuple[Migration, ...]] = (
    Migration("reports have alarms", watch_what_was_there),
    Migration("reports have a moment of risk", tell_risks),
    Migration("reports are at risk from their warning on", tell_risks_by_warnings),
    Migration("promised events tell what is due and what is never public", complete_promises),
    Migration("pushes that were sent leave the index", drop_old_push_index),
    Migration("devices with a push address are out of step with their topics", subscribe_everybody),
)
"""Oldest first. Add to the end; never change or remove one."""


def every_index(settings: Settings) -> dict[str, list[Index]]:
    """The indexes of all collections. A module named `store` is found without being listed."""
    found: dict[str, list[Index]] = {}
    for indexes in (*_declared(), feed_indexes(settings.feed_days)):
        for collection, models in indexes.items():
            found.setdefault(collection, []).extend(models)
    return found


def _declared() -> list[Indexes]:
    modules = pkgutil.walk_packages(smartcity.__path__, "smartcity.")
    stores = [m.name for m in modules if m.name.endswith(".store")]
    declared = [getattr(importlib.import_module(name), "INDEXES", {}) for name in stores]
    return cast("list[Indexes]", declared)
