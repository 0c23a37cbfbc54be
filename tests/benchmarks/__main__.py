"""`make bench`: the figures of the design's budgets, on this machine.

It starts the whole system on a temporary folder, loads it from this one process, and prints each
figure beside the floor that was measured in the same run. All of it stays on the loopback, and
ends with this process.
"""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import uvloop

from smartcity.storage.processes import free_port
from tests.benchmarks import alerts, pushes, queue, reading, reports, telling
from tests.benchmarks.bench import Bench, Rows
from tests.benchmarks.cpu import members
from tests.benchmarks.load import connections
from tests.benchmarks.population import populate
from tests.benchmarks.system import HOST, empty_database, serving
from tests.benchmarks.table import HEAD, line
from tests.standins.certificates import TRUSTED, self_signed

FIGURES: Final[Mapping[str, Callable[[Bench], Rows]]] = {
    "submit": reports.submit,
    "lifecycle": reports.lifecycle,
    "lists": reports.lists,
    "queue": queue.queue,
    "dossiers": reading.dossiers,
    "tiles": reading.tiles,
    "push": pushes.pushes,
    "alerts": alerts.alerts,
    "change_to_push": telling.telling,
}

WORKER: Final = "smartcity.cli work"

UNLIMITED: Final = 1_000_000
"""Pushes a second: more than anybody sends."""

KEPT: Final = 10_000
"""So many messages the stand-in for Firebase remembers; it counts all of them."""


async def measure(options: argparse.Namespace) -> None:
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="smartcity-bench-"))
        enter = stack.enter_async_context
        fcm_port = free_port(HOST, 0)
        fcm, tls = f"http://{HOST}:{fcm_port}", ()
        if options.tls:
            fcm, tls = f"https://{HOST}:{fcm_port}", self_signed(Path(folder), HOST)
            os.environ[TRUSTED] = str(tls[0])  # for us, and for the worker as our child
        settings, database = await enter(
            empty_database(
                data_dir=folder,
                city=options.city,
                workers=options.processes,
                mongo_pool=options.connections,
                fcm_endpoint=fcm,
                push_per_second=UNLIMITED,
            )
        )
        say(f"filling in {options.reports:,} reports and {options.dossiers:,} dossiers")
        people = await populate(
            settings,
            database,
            devices=options.devices,
            reports=options.reports,
            dossiers=options.dossiers,
        )
        bare = await enter(serving(settings, "tests.benchmarks.bare", ready="/answer"))
        words = (
            "--port",
            str(fcm_port),
            "--keep",
            str(KEPT),
            *(("--tls", *map(str, tls)) if tls else ()),
        )
        await enter(
            serving(
                settings,
                "tests.standins.fcm",
                *words,
                ready=f"{fcm}/standin/counts",
                port=fcm_port,
            )
        )

        async def kill_and_start_worker() -> None:
            for pid in members(WORKER):
                os.kill(pid, signal.SIGKILL)
            await enter(serving(settings, *WORKER.split()))

        await enter(serving(settings, *WORKER.split()))
        system = await enter(serving(settings, "smartcity.cli", "serve", ready="/health/ready"))
        bench = Bench(
            system=await enter(connections(HOST, system, options.connections)),
            bare=await enter(connections(HOST, bare, options.connections)),
            fcm=fcm,
            database=database,
            people=people,
            seconds=options.seconds,
            phones=options.phones,
            kill_and_start_worker=kill_and_start_worker,
        )
        say(line(*HEAD))
        for name in options.only or FIGURES:
            async for row in FIGURES[name](bench):
                say(row.line)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("make bench ARGS=…", description=__doc__)
    parser.add_argument("--city", default="config/hanoi", help="the city pack")
    parser.add_argument("--seconds", type=float, default=5, help="how long each figure is measured")
    parser.add_argument("--connections", type=int, default=64, help="requests at once")
    parser.add_argument("--processes", type=int, default=1, help="API processes")
    parser.add_argument("--devices", type=int, default=1000, help="that send the reports in turn")
    parser.add_argument("--reports", type=int, default=20_000, help="that are there before")
    parser.add_argument("--dossiers", type=int, default=100_000, help="that are there before")
    parser.add_argument("--phones", type=int, default=696_347, help="that an alert is told to")
    parser.add_argument(
        "--tls",
        action="store_true",
        help="push in HTTP/2 over TLS; FCM's half of it is paid here too",
    )
    parser.add_argument("--only", type=_names, help=f"some of {','.join(FIGURES)}")
    return parser.parse_args()


def _names(given: str) -> list[str]:
    names = given.split(",")
    if unknown := set(names) - FIGURES.keys():
        raise argparse.ArgumentTypeError(f"no such figure: {', '.join(unknown)}")
    return names


if __name__ == "__main__":
    uvloop.run(measure(options()))
