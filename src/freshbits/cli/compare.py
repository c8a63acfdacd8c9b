"""`freshbits compare`: signals side by side, of one log or of several."""

from __future__ import annotations

from typing import Annotated

import typer

from freshbits.cli.console import (
    Accept,
    Format,
    HtmlPath,
    Join,
    JsonPath,
    LabelsFile,
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


def compare(
    logs: Annotated[list[str], typer.Argument(help="Logs: each a file or a directory.", show_default=False)],
    cost: Annotated[list[str] | None, typer.Option("--cost", help="NAME=x: what one score of it costs.")] = None,
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
    html_path: HtmlPath = None,
) -> None:
    """Set signals side by side, best first: those of one log, or of several logs."""
    from freshbits.comparing import compare as run
    from freshbits.comparing import parse_costs
    from freshbits.report.comparison import comparison_page
    from freshbits.report.files import write_text

    options = read_options(signal, map_, format_, truth, truth_is, join, labels, accept, weight, origin)
    with progress() as advance:
        result = run(*logs, options=options, costs=parse_costs(cost or []), progress=advance)
    if html_path is not None:
        from freshbits.report.html.page import comparison_html

        write_text(comparison_html(result), html_path)
    if json_path is not None:
        write_text(result.dumps(), json_path)
    if "-" not in (json_path, html_path):
        show(comparison_page, result)
