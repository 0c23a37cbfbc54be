# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
"""Options and arguments, typed; and those that are settings, the same for every command."""

from collections.abc import Callable, Mapping
from functools import wraps
from types import MappingProxyType
from typing import Any, Final

import rich_click as click

from smartcity.settings import Settings, load_settings

Command = Callable[..., Any]
Offer = Callable[..., Callable[[Command], Command]]

# Click's own types of these are incomplete, which the check for types would report at every use.
option: Final[Offer] = click.option
argument: Final[Offer] = click.argument
password_option: Final[Offer] = click.password_option
version_option: Final[Offer] = click.version_option

SETTINGS: Final[Mapping[str, tuple[type, str, str]]] = MappingProxyType(
    {
        "city": (str, "DIR", "The city pack."),
        "data_dir": (str, "DIR", "Where the embedded database and the attachments live."),
        "host": (str, "ADDRESS", "The address the API listens on."),
        "port": (int, "NUMBER", "Its port; 0 takes a free one."),
        "workers": (int, "NUMBER", "How many API processes."),
    }
)
"""The settings that are worth an option: type, what is given, meaning."""


def settings_options(*names: str) -> Callable[[Command], Command]:
    """Offer these settings as options. They may stand before the command's name too."""

    def offer(command: Command) -> Command:
        for name in reversed(names):
            kind, metavar, meaning = SETTINGS[name]
            flag = f"--{name.replace('_', '-')}"
            command = option(flag, name, type=kind, metavar=metavar, help=meaning)(command)
        return command

    return offer


def takes_settings(*names: str) -> Callable[[Command], Command]:
    """Hand a command the `settings`, with its options over them.

    Every command has `--city` and `--data-dir`; `names` are those it has besides.
    """
    offered = ("city", "data_dir", *names)

    def decorate(command: Command) -> Command:
        @wraps(command)
        def with_settings(context: click.Context, /, **given: Any) -> Any:
            before: Mapping[str, Any] = context.obj or {}
            here = {name: given.pop(name) for name in offered}
            options = {name: before.get(name) if v is None else v for name, v in here.items()}
            settings: Settings = load_settings(options)
            return command(settings=settings, **given)

        return settings_options(*offered)(click.pass_context(with_settings))

    return decorate
