"""`freshbits label`: the rollouts to label."""

from __future__ import annotations

from typing import Annotated

import typer

from freshbits.cli.console import Accept, Format, Join, Logs, Map, Raw, Signal, read_options


def label(
    logs: Logs,
    number: Annotated[int, typer.Option("-n", "--number", min=1, help="How many rollouts to label.")] = 300,
    out: Annotated[str, typer.Option("-o", "--out", help="File to write: .csv, .jsonl or .parquet.")] = "labels.csv",
    seed: Annotated[int, typer.Option("--seed", help="The same seed draws the same rows.")] = 0,
    signal: Signal = None,
    map_: Map = None,
    format_: Format = None,
    join: Join = None,
    accept: Accept = None,
    raw: Raw = None,
) -> None:
    """Draw the rollouts to label: fill in `truth` (1 right, 0 wrong), then `audit --labels FILE`."""
    from freshbits.remedies.label import label as draw
    from freshbits.report.files import write_table
    from freshbits.rollouts.options import as_typed
    from freshbits.rollouts.read import read

    options = read_options(signal, map_, format_, None, None, join, None, accept, None, None, raw)
    log = read(logs, options)
    table, words = draw(log, log.signals[0] if log.signals else None, number, seed)
    write_table(table, out)
    for line in words:
        typer.echo(line)
    named = " ".join(logs) + as_typed(options)
    typer.echo(f"wrote {out}; fill in its column truth, then: freshbits audit {named} --labels {out}")
