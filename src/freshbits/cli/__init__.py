"""The command line: one module per command, registered here.

Exit codes: 0 done, 1 a `--fail-on` condition holds, 2 bad input or usage. Colours and progress only for people.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from freshbits.cli import (
    allocate,
    audit,
    check,
    compare,
    control,
    forecast,
    formats,
    label,
    plan,
    rebalance,
    report,
    run,
    score,
    select,
)
from freshbits.errors import FreshbitsError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Says in bits what a generation-training loop takes in, from the rollout logs it left.",
)
app.command()(audit.audit)
app.command()(compare.compare)
app.command()(label.label)
app.command()(score.score)
app.command()(forecast.forecast)
app.command()(check.check)
app.command()(run.run)
app.command()(control.control)
app.command()(rebalance.rebalance)
app.command()(select.select)
app.command()(allocate.allocate)
app.command()(plan.plan)
app.command()(report.report)
app.command()(formats.formats)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    if version:
        from freshbits.version import __version__

        typer.echo(__version__)
        raise typer.Exit


def main() -> None:
    """Runs the command line; bad input prints one sentence and exits with code 2."""
    try:
        app()
    except FreshbitsError as error:
        typer.echo(f"freshbits: {error}", err=True)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
