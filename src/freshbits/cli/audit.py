"""`freshbits audit`: what a log proves, what it cannot say, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

from freshbits.cli.console import (
    Accept,
    Engine,
    FailOn,
    Format,
    HtmlPath,
    Join,
    JsonPath,
    LabelsFile,
    Logs,
    Map,
    Origin,
    OwnFeature,
    Raw,
    RayAddress,
    Signal,
    Truth,
    TruthIs,
    Weight,
    progress,
    read_options,
    show,
)

if TYPE_CHECKING:
    from freshbits.auditing import Engine as EngineName


def audit(
    logs: Logs,
    signal: Signal = None,
    map_: Map = None,
    format_: Format = None,
    truth: Truth = None,
    truth_is: TruthIs = None,
    join: Join = None,
    raw: Raw = None,
    labels: LabelsFile = None,
    accept: Accept = None,
    weight: Weight = None,
    origin: Origin = None,
    json_path: JsonPath = None,
    html_path: HtmlPath = None,
    text: Annotated[
        bool | None,
        typer.Option("--text/--no-text", help="Quote telling prompts in --json; --no-text keeps no text, nor words."),
    ] = None,
    feature: OwnFeature = None,
    probe: Annotated[
        str, typer.Option("--probe", help="Forecast what is learned first: auto, ngram, cnn, gru, transformer or none.")
    ] = "none",
    seed: Annotated[int, typer.Option("--seed", help="Start of the probes and of the pairs that they read.")] = 0,
    engine: Engine = "local",
    ray_address: RayAddress = None,
    fail_on: FailOn = None,
) -> None:
    """Say what a rollout log proves, what it cannot say, and what to do next."""
    from freshbits.auditing import audit as run
    from freshbits.report.files import write_text
    from freshbits.report.gate import Gate
    from freshbits.report.terminal import page

    gates = [Gate.parse(text) for text in fail_on or []]
    options = read_options(signal, map_, format_, truth, truth_is, join, labels, accept, weight, origin, raw)
    with progress() as advance:
        prompts, texts = bool(text) or html_path is not None, text is not False
        result = run(
            logs,
            options,
            where=" ".join(logs),
            progress=advance,
            prompts=prompts,
            texts=texts,
            features=feature or (),
            probe=probe,
            seed=seed,
            engine=cast("EngineName", engine),
            ray_address=ray_address,
        )
    if html_path is not None:
        from freshbits.report.html.page import audit_html

        write_text(audit_html(result), html_path)
    if json_path is not None:
        write_text(result.dumps(), json_path)
    if "-" not in (json_path, html_path):
        show(page, result)
    failing = [sentence for gate in gates for sentence in gate.failing(result)]
    for sentence in failing:
        typer.echo(sentence, err=True)
    if failing:
        raise typer.Exit(1)
