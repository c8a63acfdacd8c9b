"""The page of a run: where accuracy and variety went, what every round offered beside it, what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from freshbits.report.layout import WIDTH, command, filled, item, plain, printed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from freshbits.loop.meter import LedgerRow
    from freshbits.loop.run import Run
    from freshbits.results import Estimate

NONE = "–"
MOST = 21  # rounds that have a line; of more, evenly spread ones
CONTROLS = {
    "frozen": "nothing is trained: what chance does by itself",
    "fresh": "trained on the task's own true completions: what further training does by itself",
    "random": "scores drawn by lot: what selection does without information",
}


def run_page(run: Run, *, width: int = WIDTH, colour: bool = False) -> str:
    """Writes a run as a page of text."""

    def write(console: Console) -> None:
        console.print(Text(headline(run), style="bold"))
        if run.control is not None:
            item(console, f"control {run.control}: {CONTROLS[run.control]}")
        console.print()
        console.print(filled(_columns(), [(str(row.round), _cells(row)) for row in _some(run.rounds)]))
        console.print()
        item(console, "accuracy: probability of a right completion on prompts that are never trained on; variety:")
        item(console, "effective number of right answers per prompt; loss: bits per true completion there", mark="")
        if run.rounds[0].contrast_bits is not None:
            item(console, "bits per rollout: what the round's verdicts offered; no share of it is claimed as learned")
        console.print()
        command(console, "what the signal carries: ", f"freshbits audit {run.directory}")
        if run.control is None:
            command(console, "what training does by itself: ", "freshbits run LOOP -o OTHER --control fresh")

    return printed(write, width, colour=colour)


def headline(run: Run) -> str:
    """Says in one line where accuracy and variety went."""
    first, last = run.rounds[0], run.rounds[-1]
    parts = []
    for name, words in (("held_out_accuracy", "accuracy"), ("held_out_distinct", "variety")):
        before, after = first.evaluation.get(name), last.evaluation.get(name)
        if before is not None and after is not None:
            parts.append(
                f"{words} {100 * before:.0f} % → {100 * after:.0f} %"
                if name == "held_out_accuracy"
                else f"{words} {before:.1f} → {after:.1f} answers"
            )
    told = ", ".join(parts) if parts else "nothing was measured on held-out prompts"
    count = len(run.rounds) - 1
    return f"{plain(run.name)}, {count} round{'' if count == 1 else 's'}: {told}"


def _columns() -> list[str]:
    return ["accuracy", "variety", "loss", "rollouts right", "distinct of them", "contrast", "surprise", "trained on"]


def _cells(row: LedgerRow) -> list[str]:
    held = row.evaluation
    trained = held.get("trained_rows")
    return [
        _share(held.get("held_out_accuracy")),
        _number(held.get("held_out_distinct"), 1),
        _number(held.get("task_loss"), 2),
        _estimate(row.accuracy, 100, 0, " %"),
        _estimate(row.distinct, 1, 1),
        _estimate(row.contrast_bits, 1, 2),
        _estimate(row.surprise_bits, 1, 2),
        NONE if trained is None else f"{trained:,.0f} rows",
    ]


def _some(rows: Sequence[LedgerRow]) -> list[LedgerRow]:
    if len(rows) <= MOST:
        return list(rows)
    kept = {round(at * (len(rows) - 1) / (MOST - 1)) for at in range(MOST)}
    return [rows[at] for at in sorted(kept)]


def _share(value: float | None) -> str:
    return NONE if value is None else f"{100 * value:.1f} %"


def _number(value: float | None, digits: int) -> str:
    return NONE if value is None else f"{value:.{digits}f}"


def _estimate(found: Estimate | None, times: float, digits: int, unit: str = "") -> str:
    if found is None or found.value is None:
        return NONE
    text = f"{found.value * times:.{digits}f}{unit}"
    if found.low is None or found.high is None:
        return text
    return f"{text} [{found.low * times:.{digits}f}, {found.high * times:.{digits}f}]"
