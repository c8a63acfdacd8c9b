"""The command line: `freshbits audit`, `compare`, `label`, `formats`.

Exit codes: 0 done, 1 a `--fail-on` condition holds, 2 bad input or usage. Colours and progress only for people.
"""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from freshbits.errors import FreshbitsError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from freshbits.results import Audit
    from freshbits.rollouts.options import ReadOptions

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Says in bits what a generation-training loop takes in, from the rollout logs it left.",
)

Logs = Annotated[list[str], typer.Argument(help="Files or directories with rollouts.", show_default=False)]
Signal = Annotated[list[str] | None, typer.Option("--signal", help="Use only this signal; may be repeated.")]
Map = Annotated[list[str] | None, typer.Option("--map", help="CANONICAL=COLUMN, e.g. completion=answer_text.")]
Format = Annotated[str | None, typer.Option("--format", help="Read as this format; see `freshbits formats`.")]
Truth = Annotated[str | None, typer.Option("--truth", help="Column that says whether a completion is right.")]
TruthIs = Annotated[str | None, typer.Option("--truth-is", help="Value of the truth column that means right, or >=x.")]
Join = Annotated[Path | None, typer.Option("--join", help="Second file with the same prompt ids (texts, truth).")]
LabelsFile = Annotated[Path | None, typer.Option("--labels", help="Labels filled in after `freshbits label`.")]
Accept = Annotated[list[str] | None, typer.Option("--accept", help="'NAME>=x' makes a verdict of a score.")]
Weight = Annotated[list[str] | None, typer.Option("--weight", help="NAME=w: the signal's weight in the reward.")]
Origin = Annotated[list[str] | None, typer.Option("--origin", help="NAME=external|memory|own_state|drifting.")]
JsonPath = Annotated[str | None, typer.Option("--json", help="Write the report as JSON here (- for stdout).")]
FailOn = Annotated[
    list[str] | None,
    typer.Option("--fail-on", help="'budget.dead_groups>0.5': exit 1 if true for any signal."),
]


@app.command()
def audit(
    logs: Logs,
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
    fail_on: FailOn = None,
) -> None:
    """Say what a rollout log proves, what it cannot say, and what to do next."""
    from freshbits.report.files import write_text
    from freshbits.report.gate import Gate

    gates = [Gate.parse(text) for text in fail_on or []]
    options = _options(signal, map_, format_, truth, truth_is, join, labels, accept, weight, origin)
    result = _audit(logs, options)
    if json_path is not None:
        write_text(result.dumps(), json_path)
    if json_path != "-":
        _show(result)
    failing = [sentence for gate in gates for sentence in gate.failing(result)]
    for sentence in failing:
        typer.echo(sentence, err=True)
    if failing:
        raise typer.Exit(1)


@app.command()
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
) -> None:
    """Set signals side by side, best first: those of one log, or of several logs."""
    from freshbits.comparing import compare as run
    from freshbits.comparing import parse_costs
    from freshbits.report.comparison import comparison_page
    from freshbits.report.files import write_text

    options = _options(signal, map_, format_, truth, truth_is, join, labels, accept, weight, origin)
    with _progress() as advance:
        result = run(*logs, options=options, costs=parse_costs(cost or []), progress=advance)
    if json_path is not None:
        write_text(result.dumps(), json_path)
    if json_path != "-":
        _print(comparison_page, result)


@app.command()
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
) -> None:
    """Draw the rollouts to label: fill in `truth` (1 right, 0 wrong), then `audit --labels FILE`."""
    from freshbits.remedies.label import label as draw
    from freshbits.report.files import write_table
    from freshbits.rollouts.read import read

    log = read(logs, _options(signal, map_, format_, None, None, join, None, accept, None, None))
    table, words = draw(log, log.signals[0], number, seed)
    write_table(table, out)
    for line in words:
        typer.echo(line)
    named = " ".join(logs)
    typer.echo(f"wrote {out}; fill in its column truth, then: freshbits audit {named} --labels {out}")


@app.command()
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
) -> None:
    """Say what a loop will come to: from its log, or from numbers (--base-rate --tpr --fpr --keep …)."""
    from freshbits.forecasting import of_log, of_numbers, parse_base, parse_rate
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
        if json_path is not None:
            _write_json(projected.to_json(), json_path)
        if json_path != "-":
            sys.stdout.write(projection_page(projected))
        return
    if given:
        raise InputError("a log is read, not declared", mend=f"leave out {', '.join('--' + n for n in given)}")
    options = _options(signal, map_, format_, truth, truth_is, join, None, accept, None, None)
    with _progress() as advance:
        found = of_log(logs, options, horizon=horizon, target=target, where=" ".join(logs), progress=advance)
    if json_path is not None:
        from freshbits.plain import to_plain

        _write_json({"forecast": to_plain(found)}, json_path)
    if json_path != "-":
        sys.stdout.write(forecast_page(found))


@app.command()
def formats() -> None:
    """List the formats that are read, and what each can and cannot tell."""
    from rich.console import Console
    from rich.table import Table

    from freshbits.rollouts.read import formats as cards

    table = Table(box=None, pad_edge=False, padding=(0, 2, 1, 0), header_style="bold")
    for column in ("format", "files", "can tell", "cannot tell"):
        table.add_column(column, overflow="fold")
    for card in cards():
        table.add_row(card.name, card.files, card.tells, card.cannot_tell)
    Console(highlight=False, width=None if sys.stdout.isatty() else 120).print(table)


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


def _options(
    signal: list[str] | None,
    map_: list[str] | None,
    format_: str | None,
    truth: str | None,
    truth_is: str | None,
    join: Path | None,
    labels: Path | None,
    accept: list[str] | None,
    weight: list[str] | None,
    origin: list[str] | None,
) -> ReadOptions:
    from freshbits.rollouts.options import ReadOptions, parse_accept, parse_map, parse_origins, parse_weights

    return ReadOptions(
        format=format_,
        map=parse_map(map_ or []),
        join=join,
        labels=labels,
        signals=tuple(signal or ()),
        truth=truth,
        truth_is=truth_is,
        accept=parse_accept(accept or []),
        weights=parse_weights(weight or []),
        origins=parse_origins(origin or []),
    )


def _write_json(data: object, path: str) -> None:
    """Writes plain data as JSON; without loading what tables need."""
    import json

    text = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    if path == "-":
        sys.stdout.write(text)
        return
    from freshbits.report.files import write_text

    write_text(text, path)


def _audit(logs: list[str], options: ReadOptions) -> Audit:
    from freshbits.auditing import audit as run

    with _progress() as advance:
        return run(logs, options, where=" ".join(logs), progress=advance)


def _show(result: Audit) -> None:
    from freshbits.report.terminal import page

    _print(page, result)


def _print(page: Callable[..., str], result: object) -> None:
    """Prints a page as wide as the terminal and in colour for a person, else at the pages' own width and plain."""
    import shutil

    from freshbits.report.layout import WIDTH

    person = sys.stdout.isatty()
    width = shutil.get_terminal_size((WIDTH, 40)).columns if person else WIDTH
    sys.stdout.write(page(result, width=width, colour=person))


@contextmanager
def _progress() -> Iterator[Callable[[str], None] | None]:
    """Shows what is being done on standard error, for a person, once two seconds have passed."""
    if not sys.stderr.isatty():
        yield None
        return
    started = time.monotonic()

    def advance(words: str) -> None:
        if time.monotonic() - started > 2:
            sys.stderr.write(f"\r\033[K{words[:100]} ")
            sys.stderr.flush()

    try:
        yield advance
    finally:
        if time.monotonic() - started > 2:
            sys.stderr.write("\r\033[K")


if __name__ == "__main__":
    main()
