"""The page of several loops that began from one model: what each was trained on, where it ended, what was foreseen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from freshbits.report.layout import WIDTH, filled, item, plain, printed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from freshbits.loop.foresight import Foreseen
    from freshbits.loop.run import Run
    from freshbits.results import Estimate

NONE = "–"


@dataclass(frozen=True)
class Told:
    """Holds one way to go on, over seeds.

    Attributes:
        name: its name.
        words: what it is trained on.
        runs: one run per seed.
        foreseen: one forecast per seed.
    """

    name: str
    words: str
    runs: Sequence[Run]
    foreseen: Sequence[Foreseen]

    def ends(self, name: str) -> list[float]:
        """Returns what was measured last, by seed."""
        return [value for run in self.runs if (value := run.rounds[-1].evaluation.get(name)) is not None]

    def begins(self, name: str) -> list[float]:
        """Returns what was measured first, by seed."""
        return [value for run in self.runs if (value := run.rounds[0].evaluation.get(name)) is not None]


def loops_page(told: Sequence[Told], *, width: int = WIDTH, colour: bool = False) -> str:
    """Writes loops side by side as a page of text."""

    def write(console: Console) -> None:
        first = told[0].runs[0]
        head = (
            f"One model, {len(told)} ways to go on: {len(first.rounds) - 1} rounds of {first.rounds[0].rollouts:,} "
            f"completions of {first.rounds[0].prompts} prompts, equal updates; {_counted(len(told[0].runs), 'seed')}"
        )
        console.print(Text(head, style="bold"))
        console.print()
        names = ["trained on", "accuracy", "variety", "from outside"]
        console.print(filled(names, [(each.name, _ends(each)) for each in told]))
        console.print()
        for sentence in sentences(told):
            item(console, sentence)
        console.print()
        item(console, "accuracy: probability of a right answer on held-out prompts; variety: effective number of right")
        item(
            console,
            "answers per prompt; both exact, first → last round; several seeds: mean [lowest, highest]",
            mark="",
        )
        item(
            console, "from outside: bits per row in round 0 that are not the model's own (of a verdict, of a true text)"
        )
        console.print()
        seen = told[0].foreseen[0]
        title = f"Round {seen.round}, foreseen from rounds 0 to {seen.since}, and what came (first seed)"
        console.print(Text(title, style="bold"))
        names = ["rollouts right", "came", "two differ", "came"]
        console.print(filled(names, [(each.name, _foreseen(each.foreseen[0])) for each in told]))
        missed = [each.name for each in told if not _inside(each.foreseen[0])]
        item(
            console,
            f"outside its 90 % interval: {', '.join(missed) or 'none'}; the law knows resampling and selection,",
        )
        item(console, "not what true texts or a policy gradient do, and follows them by effective numbers", mark="")

    return printed(write, width, colour=colour)


def sentences(told: Sequence[Told]) -> list[str]:
    """Says what the numbers say: which loops lost or gained, and what further training does by itself."""
    by_name = {each.name: each for each in told}
    said = []
    closed, frozen, fresh = by_name.get("closed"), by_name.get("frozen"), by_name.get("fresh")
    if closed is not None and frozen is not None:
        before, after = _mean(frozen.ends("held_out_distinct")), _mean(closed.ends("held_out_distinct"))
        points = 100 * (_mean(closed.ends("held_out_accuracy")) - _mean(frozen.ends("held_out_accuracy")))
        verb = "loses answers" if after < before else "keeps its answers"
        said.append(
            f"the closed loop takes in no bits and {verb}: {before:.1f} → {after:.1f} per prompt, "
            f"accuracy {points:+.1f} points"
        )
    for name in ("reference", "rft", "grpo"):
        each = by_name.get(name)
        if each is None or fresh is None:
            continue
        gain = 100 * (_mean(each.ends("held_out_accuracy")) - _mean(each.begins("held_out_accuracy")))
        over = 100 * (_mean(each.ends("held_out_accuracy")) - _mean(fresh.ends("held_out_accuracy")))
        said.append(f"{name} moves by {gain:+.1f} points, {over:+.1f} against as much training on fresh true answers")
    return said


def _ends(told: Told) -> list[str]:
    accuracy = _spread(told.ends("held_out_accuracy"), 100, 0, " %")
    return [
        plain(told.words),
        f"{100 * _mean(told.begins('held_out_accuracy')):.0f} → {accuracy}",
        f"{_mean(told.begins('held_out_distinct')):.0f} → {_spread(told.ends('held_out_distinct'), 1, 0)}",
        _outside(told),
    ]


def _foreseen(seen: Foreseen) -> list[str]:
    return [
        _banded(seen.accuracy, 100, 0, " %"),
        f"{100 * seen.accuracy_came:.0f} %",
        _banded(seen.variety, 1, 2),
        f"{seen.variety_came:.2f}",
    ]


def _inside(seen: Foreseen) -> bool:
    pairs = ((seen.accuracy, seen.accuracy_came), (seen.variety, seen.variety_came))
    return all((band.low or 0.0) <= came <= (band.high or 0.0) for band, came in pairs)


def _banded(band: Estimate, times: float, digits: int, unit: str = "") -> str:
    ends = [f"{times * (end or 0.0):.{digits}f}" for end in (band.value, band.low, band.high)]
    return f"{ends[0]}{unit} [{ends[1]}, {ends[2]}]"


def _outside(told: Told) -> str:
    """Returns what one row of the first round brings that is not the model's own."""
    first = told.runs[0].rounds[0]
    if told.name in ("frozen", "closed"):
        return "0"
    if told.name in ("fresh", "reference"):
        return f"{_mean(told.begins('task_loss')):.1f}, text"
    bits = None if first.contrast_bits is None else first.contrast_bits.value
    return NONE if bits is None else f"{bits:.2f}, verdict"


def _spread(values: Sequence[float], times: float, digits: int, unit: str = "") -> str:
    if not values:
        return NONE
    told = f"{times * _mean(values):.{digits}f}{unit}"
    return told if len(values) == 1 else f"{told} [{times * min(values):.{digits}f}, {times * max(values):.{digits}f}]"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else float("nan")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
