"""The command itself: its groups, and how a failure is told."""

import rich_click as click

from smartcity.cli.audit import audit
from smartcity.cli.boundaries import boundaries
from smartcity.cli.doctor import doctor
from smartcity.cli.failures import TOLD, describe, exit_code
from smartcity.cli.imports import import_
from smartcity.cli.keys import keys
from smartcity.cli.migrate import migrate
from smartcity.cli.options import settings_options, version_option
from smartcity.cli.pack import pack
from smartcity.cli.personal import personal
from smartcity.cli.retention import retention
from smartcity.cli.serve import serve
from smartcity.cli.staff import staff
from smartcity.cli.up import up
from smartcity.cli.work import work


class Commands(click.RichGroup):
    """A group whose failures are one line and an exit code."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except TOLD as error:
            click.echo(f"smartcity: {describe(error)}", err=True)
            ctx.exit(exit_code(error))


@click.group(
    cls=Commands,
    epilog="Example: smartcity up --demo",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@settings_options("city", "data_dir")
@version_option(package_name="smartcity")
@click.pass_context
def main(context: click.Context, **given: object) -> None:
    """Citizen reports, dossier status and notifications for a city.

    Every setting stands, with its meaning, in config/settings.toml; SMARTCITY_<NAME> in the
    environment overrides it, and options override both.
    """
    context.obj = given


for command in (
    up,
    serve,
    work,
    migrate,
    doctor,
    pack,
    staff,
    keys,
    personal,
    retention,
    boundaries,
    import_,
    audit,
):
    main.add_command(command)
