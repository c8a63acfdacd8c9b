"""`freshbits rebalance`: the rows among which a feature says nothing about the verdict."""

from __future__ import annotations

from typing import Annotated

import typer

from freshbits.cli.console import (
    Accept,
    Format,
    Join,
    JsonPath,
    Logs,
    Map,
    OwnFeature,
    Signal,
    progress,
    read_options,
    show,
)


def rebalance(
    logs: Logs,
    against: Annotated[list[str], typer.Option("--against", help="Feature to remove; may be repeated.")],
    protect: Annotated[list[str] | None, typer.Option("--protect", help="Feature that is part of the task.")] = None,
    out: Annotated[str, typer.Option("-o", "--out", help="File to write: .parquet, .jsonl or .csv.")] = "rows.parquet",
    within: Annotated[str | None, typer.Option("--within", help="prompt, region or log [the strictest].")] = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed keeps the same rows.")] = 0,
    feature: OwnFeature = None,
    signal: Signal = None,
    map_: Map = None,
    format_: Format = None,
    join: Join = None,
    accept: Accept = None,
    json_path: JsonPath = None,
) -> None:
    """Keep the rows among which a feature says nothing about the verdict: data a learner cannot hack with it."""
    from freshbits.remedies.rebalance import rebalance as run
    from freshbits.report.files import write_table, write_text
    from freshbits.report.rebalance import rebalance_page
    from freshbits.rollouts.read import read

    log = read(logs, read_options(signal, map_, format_, None, None, join, None, accept, None, None))
    with progress() as advance:
        rows, found = run(
            log, against, protect or (), within=within, seed=seed, progress=advance, features=feature or ()
        )
    write_table(rows, out)
    if json_path is not None:
        write_text(found.dumps(), json_path)
    if json_path != "-":
        show(rebalance_page, found)
        typer.echo(f"wrote {out}")
