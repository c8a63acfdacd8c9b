"""`freshbits forecast`: what a loop will come to."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from freshbits.cli.console import (
    Accept,
    Format,
    HtmlPath,
    Join,
    JsonPath,
    Map,
    Signal,
    Truth,
    TruthIs,
    progress,
    read_options,
    write_json,
)
from freshbits.errors import InputError


def forecast(
    logs: Annotated[list[str] | None, typer.Argument(help="Logs; none where numbers are given.")] = None,
    horizon: Annotated[int | None, typer.Option("--horizon", min=1, help="Last round to forecast.")] = None,
    target: Annotated[float | None, typer.Option("--target", help="Accuracy to be reached.")] = None,
    base_rate: Annotated[str | None, typer.Option("--base-rate", help="p, p1,p2,… or beta:a,b.")] = None,
    tpr: Annotated[str | None, typer.Option("--tpr", help="Right ones accepted: p, or p:low:high.")] = None,
    fpr: Annotated[str | None, typer.Option("--fpr", help="Wrong ones accepted: p, or p:low:high.")] = None,
    keep: Annotated[float | None, typer.Option("--keep", help="Rows kept per prompt and round.")] = None,
    keep_total: Annotated[float | None, typer.Option("--keep-total", help="Rows kept per round.")] = None,
    samples: Annotated[float | None, typer.Option("--samples", help="Rollouts per prompt; keeps the accepted.")] = None,
    prompts: Annotated[int | None, typer.Option("--prompts", help="Prompts per round [100].")] = None,
    fresh: Annotated[float | None, typer.Option("--fresh", help="Share of fresh rows per round [0].")] = None,
    pool: Annotated[str | None, typer.Option("--pool", help="replace or accumulate [replace].")] = None,
    method: Annotated[str | None, typer.Option("--method", help="self, sft, rft or grpo [rft].")] = None,
    recorruption: Annotated[float | None, typer.Option("--recorruption", help="Right turned wrong per round.")] = None,
    signal: Signal = None,
    map_: Map = None,
    format_: Format = None,
    truth: Truth = None,
    truth_is: TruthIs = None,
    join: Join = None,
    accept: Accept = None,
    json_path: JsonPath = None,
    html_path: HtmlPath = None,
) -> None:
    """Say what a loop will come to: from its log, or from numbers (--base-rate --tpr --fpr --keep …)."""
    from freshbits.forecasting import of_log, of_numbers, parse_base, parse_rate
    from freshbits.report.files import write_text
    from freshbits.report.forecast import forecast_page, projection_page

    declared = {
        "base_rate": None if base_rate is None else parse_base(base_rate),
        "tpr": None if tpr is None else parse_rate(tpr),
        "fpr": None if fpr is None else parse_rate(fpr),
        "keep": keep,
        "keep_total": keep_total,
        "samples": samples,
        "prompts": prompts,
        "fresh": fresh,
        "pool": pool,
        "method": method,
        "recorruption": recorruption,
    }
    given = {name: value for name, value in declared.items() if value is not None}
    if not logs:
        if not given:
            raise InputError("there is nothing to forecast", mend="name a log, or give --base-rate --tpr --fpr --keep")
        projected = of_numbers(target=target, **({} if horizon is None else {"rounds": horizon}), **given)
        if html_path is not None:
            from freshbits.report.html.page import projection_html

            write_text(projection_html(projected), html_path)
        if json_path is not None:
            write_json(projected.to_json(), json_path)
        if "-" not in (json_path, html_path):
            sys.stdout.write(projection_page(projected))
        return
    if given:
        raise InputError("a log is read, not declared", mend=f"leave out {', '.join('--' + n for n in given)}")
    options = read_options(signal, map_, format_, truth, truth_is, join, None, accept, None, None)
    with progress() as advance:
        found = of_log(logs, options, horizon=horizon, target=target, where=" ".join(logs), progress=advance)
    if html_path is not None:
        from freshbits.report.html.page import forecast_html

        write_text(forecast_html(found), html_path)
    if json_path is not None:
        from freshbits.plain import to_plain

        write_json({"forecast": to_plain(found)}, json_path)
    if "-" not in (json_path, html_path):
        sys.stdout.write(forecast_page(found))
