"""The group of commands, of which only those that are named are loaded."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import typer

from freshbits.cli.overview import ABOUT

if TYPE_CHECKING:
    from collections.abc import Iterable


def group(names: Iterable[str]) -> typer.Typer:
    """Loads commands (each is a function of its module's name) and returns them as one group.

    >>> [command.name for command in group(["formats"]).registered_commands]
    ['formats']
    """
    app = typer.Typer(
        name="freshbits",
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        help=ABOUT,
    )
    app.callback(invoke_without_command=True)(_root)
    for name in names:
        app.command(name)(getattr(import_module(f"freshbits.cli.{name}"), name))
    return app


def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    if version:
        from freshbits.version import __version__

        typer.echo(__version__)
        raise typer.Exit
