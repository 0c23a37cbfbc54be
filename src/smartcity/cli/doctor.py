"""`smartcity doctor`: what is configured, reachable, approximate or missing."""

import asyncio
import sys

import rich_click as click
from rich.console import Console
from rich.table import Table

from smartcity.cli.examination import examine
from smartcity.cli.findings import Finding, State
from smartcity.cli.options import takes_settings
from smartcity.settings import Settings

LOOKS = {
    State.GOOD: "[green]good[/]",
    State.MIND: "[yellow]mind[/]",
    State.WRONG: "[red]wrong[/]",
}


@click.command(epilog="Example: smartcity doctor --data-dir var")
@takes_settings()
def doctor(settings: Settings) -> None:
    """Look at the whole installation. Exit code 1 if something is wrong."""
    findings = asyncio.run(examine(settings))
    Console().print(_table(findings))
    if any(finding.state is State.WRONG for finding in findings):
        sys.exit(1)


def _table(findings: list[Finding]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("what", "", "found"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        table.add_row(finding.what, LOOKS[finding.state], finding.found)
    return table
