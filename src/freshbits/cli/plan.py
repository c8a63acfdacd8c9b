"""`freshbits plan`: ways to train on the signals of a log, by task bits per cost."""

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
    Origin,
    Signal,
    Truth,
    TruthIs,
    Weight,
    progress,
    read_options,
    show,
)


def plan(
    logs: Logs,
    cost: Annotated[
        list[str] | None,
        typer.Option("--cost", help="rollout=x, reference=x, SIGNAL=x (one verdict); may be repeated."),
    ] = None,
    rounds: Annotated[int, typer.Option("--rounds", help="Rounds to project.")] = 5,
    trained: Annotated[
        str | None, typer.Option("--trained", help="grpo: such updates made the rounds of this log.")
    ] = None,
    signal: Signal = None,
    map_: Map = None,
    format_: Format = None,
    truth: Truth = None,
    truth_is: TruthIs = None,
    join: Join = None,
    labels: LabelsFile = None,
    accept: Accept = None,
    weight: Weight = None,
    origin: Origin = None,
    json_path: JsonPath = None,
) -> None:
    """Rank ways to train on the signals at hand by expected task bits per cost, and project where they lead."""
    from freshbits.comparing import parse_costs
    from freshbits.planning import plan as run
    from freshbits.report.files import write_text
    from freshbits.report.plan import plan_page

    options = read_options(signal, map_, format_, truth, truth_is, join, labels, accept, weight, origin)
    with progress() as advance:
        found = run(
            logs,
            options,
            costs=parse_costs(cost or []),
            rounds=rounds,
            trained=trained,
            where=" ".join(logs),
            progress=advance,
        )
    if json_path is not None:
        write_text(found.dumps(), json_path)
    if json_path != "-":
        show(plan_page, found)
