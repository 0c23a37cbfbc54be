"""`smartcity serve`: the API alone."""

import asyncio
import os
import resource
from typing import Any, Final

import msgspec
import rich_click as click
from granian import Granian
from granian.constants import Interfaces, Loops
from granian.log import LogLevels

from smartcity.cli.options import takes_settings
from smartcity.heap import keep_for_good
from smartcity.logs import configure_logs
from smartcity.settings import Settings, SettingsError, environment_of, load_settings
from smartcity.storage.embedded import running_server
from smartcity.storage.processes import end_with_parent, free_port

BESIDE_LISTENERS: Final = 1024
"""Requests in progress that a process takes on top of its open streams."""

STOP_S: Final = 5
PORT_PATIENCE_S: Final = 8.0


@click.command(epilog="Example: smartcity serve --host 0.0.0.0 --port 8000 --workers 4")
@takes_settings("host", "port", "workers")
def serve(settings: Settings) -> None:
    """Run the API alone, against a database that runs already.

    That is SMARTCITY_MONGO_URI, or the database of the `smartcity up` on the same data folder.
    """
    settings = asyncio.run(with_address(with_database(settings)))
    os.environ.update(environment_of(settings))  # the worker processes read them from there
    _allow_open_files()
    Granian(
        "smartcity.cli.serve:application",
        factory=True,
        interface=Interfaces.ASGI,
        address=settings.host,
        port=settings.port,
        workers=settings.workers,
        # At Granian's default, 1,024, that many open streams would block everything else.
        backpressure=settings.live_listeners + BESIDE_LISTENERS,
        loop=Loops.uvloop,
        websockets=False,
        log_level=LogLevels(settings.log_level),
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_S,
    ).serve()


def application() -> Any:
    """What each of Granian's worker processes runs. It ends with the process that started it:
    one left over would go on taking a share of the connections.
    """
    from api.app import create_app
    from api.document import describe

    end_with_parent()
    settings = load_settings()
    configure_logs(settings)
    app = create_app(settings)
    describe(app)
    keep_for_good()
    return app


def with_database(settings: Settings) -> Settings:
    """The settings with the address of a database that runs. Raises `SettingsError`."""
    uri = settings.mongo_uri or running_server(settings.data_path)
    if not uri:
        raise SettingsError(
            "no database runs: set SMARTCITY_MONGO_URI, or use `smartcity up`, which starts one"
        )
    return msgspec.structs.replace(settings, mongo_uri=uri)


async def with_address(settings: Settings) -> Settings:
    """The settings with a port that is free, chosen if it is 0. Raises `SettingsError`.

    Granian would share a port that is taken with whoever has it, and each would get half of the
    requests. A server of ours that was killed is given time to let go of it.
    """
    for _ in range(int(PORT_PATIENCE_S / 0.2)):
        port = free_port(settings.host, settings.port)
        if port is not None:
            return msgspec.structs.replace(settings, port=port)
        await asyncio.sleep(0.2)
    raise SettingsError(f"{settings.host}:{settings.port} is taken, or not an address here")


def _allow_open_files() -> None:
    """As many as the system lets us: each open stream is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
