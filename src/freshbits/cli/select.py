"""`freshbits select`: the accepted rows that say something new."""

from __future__ import annotations

from typing import Annotated

import typer

from freshbits.cli.console import (
    Accept,
    Format,
    Join,
    JsonPath,
    LabelsFile,
    Logs,
    Map,
    Signal,
    Truth,
    TruthIs,
    progress,
    read_options,
    show,
)


def select(
    logs: Logs,
    number: Annotated[int | None, typer.Option("-n", "--number", help="Rows to keep (tokens: --per-token).")] = None,
    share: Annotated[float | None, typer.Option("--share", help="Share of the accepted rows to keep.")] = None,
    out: Annotated[str, typer.Option("-o", "--out", help="File to write: .parquet, .jsonl or .csv.")] = "rows.parquet",
    per_token: Annotated[bool, typer.Option("--per-token", help="Count tokens, not rows: short rows first.")] = False,
    cap: Annotated[int | None, typer.Option("--cap", help="Rows of one prompt at most.")] = None,
    least_pass: Annotated[float | None, typer.Option("--least-pass", help="Leave out prompts that pass less.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed keeps the same rows.")] = 0,
    signal: Signal = None,
    map_: Map = None,
    format_: Format = None,
    truth: Truth = None,
    truth_is: TruthIs = None,
    join: Join = None,
    labels: LabelsFile = None,
    accept: Accept = None,
    json_path: JsonPath = None,
) -> None:
    """Keep the accepted rows that say something new: every prompt, then new answers, then new texts, repeats last."""
    from freshbits.remedies.select import select as run
    from freshbits.report.files import write_table, write_text
    from freshbits.report.select import select_page
    from freshbits.rollouts.read import read

    log = read(logs, read_options(signal, map_, format_, truth, truth_is, join, labels, accept, None, None))
    with progress() as advance:
        rows, found = run(
            log,
            number,
            share=share,
            per_token=per_token,
            cap=cap,
            least_pass=least_pass,
            seed=seed,
            progress=advance,
        )
    write_table(rows, out)
    if json_path is not None:
        write_text(found.dumps(), json_path)
    if json_path != "-":
        show(select_page, found)
        typer.echo(f"wrote {out}")
