"""What the commands share: the options of reading a log, pages, JSON and progress on a console.

Colours and progress are for people: where the output is piped, both are left out.
"""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from freshbits.rollouts.options import ReadOptions

Logs = Annotated[list[str], typer.Argument(help="Files or directories with rollouts.", show_default=False)]
Signal = Annotated[list[str] | None, typer.Option("--signal", help="Use only this signal; may be repeated.")]
Map = Annotated[list[str] | None, typer.Option("--map", help="CANONICAL=COLUMN, e.g. completion=answer_text.")]
Format = Annotated[
    str | None, typer.Option("--format", help="Read as this; see `freshbits formats`. FILE.py: by its rows(path), run.")
]
Truth = Annotated[str | None, typer.Option("--truth", help="Column that says whether a completion is right.")]
TruthIs = Annotated[str | None, typer.Option("--truth-is", help="Value of the truth column that means right, or >=x.")]
Raw = Annotated[Path | None, typer.Option("--raw", help="The set before a filter; the log is what it kept.")]
Join = Annotated[Path | None, typer.Option("--join", help="Second file with the same prompt ids (texts, truth).")]
LabelsFile = Annotated[Path | None, typer.Option("--labels", help="Labels filled in after `freshbits label`.")]
Accept = Annotated[list[str] | None, typer.Option("--accept", help="'NAME>=x' makes a verdict of a score.")]
Weight = Annotated[list[str] | None, typer.Option("--weight", help="NAME=w: the signal's weight in the reward.")]
Origin = Annotated[list[str] | None, typer.Option("--origin", help="NAME=external|memory|own_state|drifting.")]
OwnFeature = Annotated[
    list[str] | None,
    typer.Option("--feature", help="NAME=contains:TEXT, matches:REGEX or count:TEXT; may be repeated."),
]
JsonPath = Annotated[str | None, typer.Option("--json", help="Write the report as JSON here (- for stdout).")]
HtmlPath = Annotated[str | None, typer.Option("--html", help="Write a page here: one file, no network.")]
Engine = Annotated[str, typer.Option("--engine", help="local, or ray: the same on a Ray cluster.")]
RayAddress = Annotated[
    str | None,
    typer.Option("--ray-address", help="Cluster to join; else RAY_ADDRESS, or one of its own.", show_default=False),
]
FailOn = Annotated[
    list[str] | None,
    typer.Option("--fail-on", help="'budget.dead_groups>0.5': exit 1 if true for any signal."),
]


def read_options(
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
    raw: Path | None = None,
) -> ReadOptions:
    """Puts what the options of reading say into one value."""
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
        raw=raw,
    )


def write_json(data: object, path: str) -> None:
    """Writes plain data as JSON; without loading what tables need."""
    import json

    text = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    if path == "-":
        sys.stdout.write(text)
        return
    from freshbits.report.files import write_text

    write_text(text, path)


def show(page: Callable[..., str], result: object) -> None:
    """Prints a page as wide as the terminal and in colour for a person, else at the pages' own width and plain."""
    import shutil

    from freshbits.report.layout import WIDTH

    person = sys.stdout.isatty()
    width = shutil.get_terminal_size((WIDTH, 40)).columns if person else WIDTH
    sys.stdout.write(page(result, width=width, colour=person))


@contextmanager
def progress() -> Iterator[Callable[[str], None] | None]:
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
