"""How this process logs: one event a line, for people or for machines.

Tracebacks are plain, without the values of variables: those hold what people wrote, and who they
are.
"""

import sys
from collections.abc import Mapping, Sequence
from typing import Final, Literal

import structlog
from structlog.typing import Processor

from smartcity.settings import Settings

_WRITTEN: Final[Mapping[Literal["console", "json"], Sequence[Processor]]] = {
    "console": (
        structlog.dev.ConsoleRenderer(
            colors=sys.stdout.isatty(), exception_formatter=structlog.dev.plain_traceback
        ),
    ),
    "json": (structlog.processors.format_exc_info, structlog.processors.JSONRenderer()),
}


def configure_logs(settings: Settings) -> None:
    """For a process's composition root, before anything is logged."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *_WRITTEN[settings.log_format],
        ],
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
    )
