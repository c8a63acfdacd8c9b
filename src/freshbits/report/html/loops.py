"""The pages of a declared loop: of its check, before anything is spent, and of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.loop.checking import Check
from freshbits.report.charts.courses import Point, courses
from freshbits.report.charts.picture import Picture
from freshbits.report.html.drawing import figure
from freshbits.report.html.escape import Html, join, tag
from freshbits.report.html.numbers import Numbers
from freshbits.report.html.panels.projected import projected
from freshbits.report.html.panels.todo import advice
from freshbits.report.html.parts import Panel, command, notes, table, unbroken
from freshbits.report.html.shell import document
from freshbits.report.run import CONTROLS, headline
from freshbits.results import Estimate

if TYPE_CHECKING:
    from freshbits.loop.meter import LedgerRow
    from freshbits.loop.run import Run
    from freshbits.loop.structure import Structure
    from freshbits.results import Status

OPEN = "Does anything from outside reach the student?"
WENT = "Where did it go?"
OFFERED = "What did each round offer?"
EXACT = "probability of a right completion, prompts never trained on"


def check_html(check: Check) -> str:
    """Writes a check as one HTML file; the check and its JSON give the same bytes.

    Raises:
        InputError: if vl-convert, which draws the charts, is not installed and there is one to draw.
    """
    check = Check.from_json(check.to_json())  # numbers as the JSON has them
    numbers = Numbers()
    found = check.structure
    status = "not_judged" if found.verdict == "undetermined" else "judged"
    panels = [_structure(found), projected(check.projection, numbers)]
    if check.projection.advice:
        panels.append(advice(check.projection.advice))
    head = tag("h1", tag("b", check.name), f" is {_verdict(found)}: {found.reason}.", class_=f"verdict {status}")
    return document("check of a declared loop", head, panels, numbers)


def run_html(run: Run) -> str:
    """Writes a run as one HTML file: where accuracy went, and beside it what every round offered.

    Raises:
        InputError: if vl-convert, which draws the charts, is not installed.
    """
    numbers = Numbers()
    told = [] if run.control is None else [f"control {run.control}: {CONTROLS[run.control]}"]
    body = join(
        _course(run),
        notes([*told, "variety: effective number of right answers per prompt; loss: bits per true completion there"]),
    )
    went = Panel("went", WENT, f"{headline(run)}.", "judged", body)
    answer = "Bits that verdicts offered stand beside accuracy; no share of them is claimed as learned."
    offered = Panel("offered", OFFERED, answer, "judged", _rounds(run.rounds, numbers))
    steps = [command(f"freshbits audit {run.directory}")]
    if run.control is None:
        steps.append(command("freshbits run LOOP -o OTHER --control fresh  (what training does by itself)"))
    todo = Panel("remedies", "What should I do?", "Audit the log of the run.", "judged", join(*steps), marked=False)
    head = tag("h1", unbroken(headline(run)), class_="verdict judged")
    return document("a loop that was run", head, [went, offered, todo], numbers)


def _structure(found: Structure) -> Panel:
    rows = [
        ("possible path" if found.verdict == "undetermined" else "path", found.way),
        ("of the task", f"{found.parts[0]} only" if len(found.parts) == 1 and found.parts != ["task"] else None),
        ("closed without", " and ".join(f"{tail} → {head}" for tail, head in found.cut) or None),
        ("to settle it", found.needs),
    ]
    signals = [
        (name, each.words, each.origin.replace("_", " "), " → ".join(each.path), "yes" if each.used else "no")
        for name, each in found.signals.items()
    ]
    said = {
        "closed": "closed means no new information, not no gain: a closed loop can sharpen for a while",
        "open": "open does not mean right, nor safe: what comes in may be wrong",
    }
    unknown = "a declaration does not tell how good a signal is, nor what the student learns from it"
    body = join(
        table("The path", ("loop", "what carries it"), [(name, text) for name, text in rows if text]),
        table("Signals", ("signal", "it is", "comes from", "by way of", "trained on"), signals),
        notes([*([said[found.verdict]] if found.verdict in said else []), unknown]),
    )
    status: Status = "not_judged" if found.verdict == "undetermined" else "judged"
    return Panel("structure", OPEN, f"{_verdict(found).capitalize()}: {found.reason}.", status, body)


def _verdict(found: Structure) -> str:
    return found.verdict if found.adjective is None else f"{found.verdict}, {found.adjective}"


def _course(run: Run) -> Html | None:
    held_out = [(row.round, row.evaluation.get("held_out_accuracy")) for row in run.rounds]
    points = [Point("held-out prompts", at, _exactly(value)) for at, value in held_out if value is not None]
    own = [(row.round, row.accuracy) for row in run.rounds]
    points += [Point("its rollouts", at, found) for at, found in own if found is not None and found.value is not None]
    if len(run.rounds) < 2 or not points:
        return None
    return figure(
        Picture(
            "Accuracy, round by round",
            headline(run),
            lambda width: courses(points, "round", "accuracy", width, share=True, zero=False),
        )
    )


def _exactly(value: float) -> Estimate:
    return Estimate(value, None, None, 1.0, "share", EXACT, 0, 0)


def _rounds(rows: tuple[LedgerRow, ...], numbers: Numbers) -> Html:
    heads = ("round", "accuracy", "variety", "loss", "rollouts right", "distinct of them", "contrast", "surprise")
    cells: list[list[Html | str]] = []
    for row in rows:
        held = row.evaluation
        measured = (row.accuracy, row.distinct, row.contrast_bits, row.surprise_bits)
        cells.append(
            [
                str(row.round),
                _number(held.get("held_out_accuracy"), 100, 1, " %"),
                _number(held.get("held_out_distinct"), 1, 1),
                _number(held.get("task_loss"), 1, 2),
                *(numbers.show(found) for found in measured),
            ]
        )
    return join(table("Rounds", heads, cells), numbers.table("Rounds", {f"round {row.round}": row for row in rows}))


def _number(value: float | None, times: float, digits: int, unit: str = "") -> str:
    return "–" if value is None else unbroken(f"{times * value:.{digits}f}{unit}")
