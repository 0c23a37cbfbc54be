"""`smartcity work`: the workers alone."""

import rich_click as click
import uvloop

from smartcity.cli.options import takes_settings
from smartcity.cli.serve import with_database
from smartcity.logs import configure_logs
from smartcity.settings import Settings


@click.command(epilog="Example: SMARTCITY_MONGO_URI=mongodb://db/?replicaSet=rs0 smartcity work")
@takes_settings()
def work(settings: Settings) -> None:
    """Run the workers alone, against a database that runs already. Any number may run.

    That is SMARTCITY_MONGO_URI, or the database of the `smartcity up` on the same data folder.
    """
    from workers.main import run

    configure_logs(settings)
    uvloop.run(run(with_database(settings)))
