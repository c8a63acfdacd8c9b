"""`freshbits score`: signals applied to completions that exist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

from freshbits.cli.console import (
    Engine,
    Format,
    Join,
    JsonPath,
    LabelsFile,
    Logs,
    Map,
    Origin,
    RayAddress,
    Truth,
    TruthIs,
    progress,
    read_options,
    show,
    write_json,
)

if TYPE_CHECKING:
    from typing import Literal


def score(
    logs: Logs,
    signal: Annotated[list[str], typer.Option("--signal", help="Signal to apply; may be repeated.")],
    out: Annotated[str | None, typer.Option("-o", "--out", help="File to write: .parquet, .jsonl or .csv.")] = None,
    option: Annotated[list[str] | None, typer.Option("--option", help="KEY=VALUE, or NAME.KEY=VALUE.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="Model of logprob, self_judge or rubric.")] = None,
    gold: Annotated[bool, typer.Option("--gold", help="Check first that the references are accepted.")] = False,
    harden: Annotated[bool, typer.Option("--harden", help="Score nothing: probe the signals themselves.")] = False,
    fail_on: Annotated[
        str | None, typer.Option("--fail-on", help="finding: exit 1 if --harden rewards a wrong answer.")
    ] = None,
    origin: Origin = None,
    as_: Annotated[list[str] | None, typer.Option("--as", help="NAME, or SIGNAL=NAME: call its column so.")] = None,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Batches scored at once.")] = None,
    resume: Annotated[bool, typer.Option("--resume/--no-resume", help="Go on with an interrupted run.")] = True,
    engine: Engine = "local",
    ray_address: RayAddress = None,
    map_: Map = None,
    format_: Format = None,
    join: Join = None,
    truth: Truth = None,
    truth_is: TruthIs = None,
    labels: LabelsFile = None,
    json_path: JsonPath = None,
) -> None:
    """Apply signals to the completions of a log; write its rows with NAME, NAME.evidence, NAME.origin."""
    from freshbits.errors import InputError
    from freshbits.plain import to_plain
    from freshbits.report.hardening import hardening_page
    from freshbits.report.scored import scored_page
    from freshbits.rollouts.options import parse_origins
    from freshbits.signals.golds import harden_on
    from freshbits.signals.named import WITH_MODEL, make, parse_names, parse_settings
    from freshbits.signals.scoring import score as run

    if fail_on is not None and (fail_on != "finding" or not harden):
        raise InputError(f"--fail-on {fail_on} is no condition here", mend="say --harden --fail-on finding")
    settings = parse_settings(option or [], signal)
    for name in signal:
        if model is not None and name in WITH_MODEL:
            settings[name].setdefault("model", model)
    names = parse_names(as_ or [], signal)
    columns = {names.get(name, name) for name in signal}
    origins = parse_origins(origin or [])
    logged = [f"{name}={value}" for name, value in origins.items() if name not in columns]
    options = read_options(None, map_, format_, truth, truth_is, join, labels, None, None, logged)
    signals = [make(name, settings[name]) for name in signal]
    if harden:
        found = [harden_on(logs, each, options) for each in signals]
        if json_path is not None:
            write_json(found[0].to_json() if len(found) == 1 else [each.to_json() for each in found], json_path)
        for each in found if json_path != "-" else ():
            show(hardening_page, each)
        if fail_on is not None and any(probe.expects == "should_reject" for each in found for probe in each.findings):
            raise typer.Exit(1)
        return
    if out is None:
        raise InputError("there is no file to write to", mend="name one with -o FILE")
    try:
        with progress() as advance:
            result = run(
                logs,
                *signals,
                options=options,
                out=out,
                names=names,
                origins={name: value for name, value in origins.items() if name in columns},
                workers=workers,
                resume=resume,
                gold=gold,
                progress=advance,
                engine=cast("Literal['local', 'ray']", engine),
                ray_address=ray_address,
            )
    except KeyboardInterrupt:
        typer.echo("freshbits: stopped; the verdicts so far are kept, the same command goes on from there.", err=True)
        raise typer.Exit(130) from None
    if json_path is not None:
        write_json({"score": {scores.name: to_plain(scores) for scores in result.signals}, "out": out}, json_path)
    if json_path != "-":
        show(scored_page, result)
