"""`freshbits allocate`: which prompts to ask next, and how often."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 — read when the command is built
from typing import Annotated

import typer

from freshbits.cli.console import Accept, Format, Join, JsonPath, Logs, Map, Signal, read_options, show, write_json


def allocate(
    logs: Logs,
    budget: Annotated[str, typer.Option("--budget", help="400 (rollouts), 'calls=400', 'tokens=1e6' or 'cost=20'.")],
    out: Annotated[str, typer.Option("-o", "--out", help="File to write: .parquet, .jsonl or .csv.")] = "next.parquet",
    pool: Annotated[Path | None, typer.Option("--pool", help="File of prompts to choose from, tried or not.")] = None,
    pool_prompt: Annotated[
        str | None, typer.Option("--pool-prompt", help="Column of the pool that holds the prompts.")
    ] = None,
    source: Annotated[str | None, typer.Option("--source", help="Whose pass rates, where several wrote.")] = None,
    by: Annotated[
        list[str] | None,
        typer.Option("--by", help="Column that describes prompts; may be repeated [all that do].", show_default=False),
    ] = None,
    embedding: Annotated[str | None, typer.Option("--embedding", help="Column with a vector per prompt.")] = None,
    samples: Annotated[int, typer.Option("--samples", min=2, help="Rollouts per prompt.")] = 8,
    sequential: Annotated[
        bool, typer.Option("--sequential", help="Write a first wave: 2 rollouts each, a quarter of the budget.")
    ] = False,
    sharpness: Annotated[
        float, typer.Option("--sharpness", min=0, help="Drawn as E[p(1-p)] to this power: 0 uniform, inf the best.")
    ] = 2.0,
    price: Annotated[float | None, typer.Option("--price", help="What one rollout costs, for cost=N.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed chooses the same prompts.")] = 0,
    signal: Signal = None,
    map_: Map = None,
    format_: Format = None,
    join: Join = None,
    accept: Accept = None,
    json_path: JsonPath = None,
) -> None:
    """Choose the next round's prompts by expected contrast under a calibrated belief about their pass rates."""
    from freshbits.remedies.allocate import allocate as run
    from freshbits.report.allocate import allocate_page
    from freshbits.report.files import write_table
    from freshbits.rollouts.options import ReadOptions
    from freshbits.rollouts.read import read

    options = read_options(signal, map_, format_, None, None, join, None, accept, None, None)
    if embedding is not None:
        options = ReadOptions(**{**vars(options), "columns": (embedding,)})
    log = read(logs, options)
    rows, found = run(
        log, budget, pool=pool, source=source, by=by, embedding=embedding, samples=samples, sequential=sequential,
        sharpness=sharpness, price=price, pool_prompt=pool_prompt, seed=seed,
    )  # fmt: skip
    write_table(rows, out)
    if json_path is not None:
        write_json(found.to_json(), json_path)
    if json_path != "-":
        show(allocate_page, found)
        typer.echo(f"wrote {out}")
