"""Writes what the study of allocation found: every cell, every strategy, and what was asked of them."""

from __future__ import annotations

from typing import Any

from benchmarks.allocation import placed
from benchmarks.allocation.measured import PATIENCE
from benchmarks.allocation.placed import FLOOR, versus

FEATURES, REVISITED, SAFE, PLUG = 0.65, 0.9, 1.15, 0.9
ALONE = "E[p(1-p)] alone"
FAR = 0.5  # logits by which a step moves its own prompts, from which evidence is of another policy
PASSES = 2.0  # over all prompts, that uniform makes to the target, from which prompts count as revisited
HEAD = [
    "# Verifier calls by how they are spent",
    "",
    "Calls to four fifths of what uniform gains in its budget, relative to uniform, seed by seed: the median, and the "
    "geometric mean with its 95 % interval over seeds (Student's t on paired log-ratios). `steps`: optimiser steps, "
    "relative to uniform. Every strategy has its own learning rate, tuned on other seeds on one grid; `rate` is the "
    f"tuned one. Runs that did not get there in {PATIENCE:g} times the budget count as that (`reached`: how many did).",
    "",
    "- a: prompts share skills, p = sigmoid(u + x·w), three skills of 300 a prompt, u ~ N(-1.5, spread), batches of 32 "
    "groups of 8, score noise .3; what gradients carry beside skills costs every prompt alike, which bounds the rate. "
    "Uniform passes over 3000 prompts about twice, over 1000 five times, over 300 eight times. `features`: a number "
    "that is off by 1.5 logits (sd); `features and skills`: which skills a prompt draws on, too.",
    "- b: a table of 8 answers for each of 500 prompts; nothing is shared.",
    "- c: the small language model (130,000 parameters) on sums and differences that ask for more the later their last "
    "digit: 3 in 10 prompts are solved, 3 in 10 dead, 4 in 10 between; batches of 16 groups of 8. `features`: the last "
    "digit and the sign. Advantages divided by σ (GRPO), or accepted completions alone (RFT).",
    "",
    "The rule and the belief were made on other seeds (1000 and up; of the small model 910 to 929) and frozen before "
    "these runs, whose seeds had no part in it. Rates were tuned on four seeds; in b on sixteen, after four had been "
    "seen to leave it to luck; of the small model on eight that all have to get there, by the median of calls, since "
    "some rates break one run in four. `at uniform's rate` was added there when tuned rates were seen to differ by "
    "luck, too.",
    "",
    "`ours`: what `freshbits.remedies.allocator.Allocator` suggests, told fields where the cell has features and "
    "nothing but verdicts elsewhere: prompts take turns by (E[p(1-p)] · I^(t/(t+2)))^4, I being what a verdict says "
    "about p and t how often every prompt has been asked on average; E[√(p(1-p))] in its place where advantages are "
    "divided by σ (rule `expected_deviation`). `E[p(1-p)] alone`: the same belief and turns by its square. "
    "`plug-in`: ours with m(1-m), or its root, in the place of E[p(1-p)]; `m(1-m) alone`: to the "
    "fourth power, without I. `InSight-like`: (m(1-m) · I)^4 from the beginning (after arXiv 2603.01907). "
    "`DAPO-like`: draws on until the batch is full of mixed groups (arXiv 2503.14476). `oracle`: knows every p. "
    "`ours, verifier known`: sees through its error rates. Prompts have names, not texts: the predictor that reads "
    "texts is measured in predictor.md by what it foretells, and not by calls.",
    "",
    "On exact evidence, with the same drawing and tuning: `exact, told mean moves` (`floor`) scores as ours does by "
    "the exact posterior of features and verdicts, and is told what no loop knows: the distribution of prompts, all "
    "error rates, and by how many logits prompts move on average, after a group with so many accepted and without "
    "one; two more read that posterior by other rules. `exact, told moves` is told it of every prompt apart, which "
    "says how mixed each one is. `stale oracle` knows every p as it was one pass over all prompts ago. Where "
    "advantages are divided by σ these score by E[p(1-p)], too.",
    "",
]


def markdown(cells: list[dict[str, Any]]) -> str:
    """Writes the page."""
    lines = [*HEAD, *_short(cells), "", *_bars(cells), "", *_read(cells), ""]
    lines += _headed("## Every cell", columns="cell | strategy | calls: median | mean [95 %] | steps | rate | reached")
    for cell in cells:
        for name, row in cell["strategies"].items():
            mean = _mean(row)
            edge = "" if row["inside"] else " (edge)"
            lines.append(
                f"| {cell['cell']} | {name} | {placed.told(row)} | {mean} | {row['steps']:.2f} | "
                f"{row['rate']:.3g}{edge} | {row['reached']} of {cell['seeds']} |"
            )
    lines += [
        "",
        *_headed(
            "Uniform itself; `passes`: over all prompts, to the target. `moved`: logits by which one step moves a "
            "prompt with a mixed group in it, and the others (mean size).",
            columns="cell | start | target | calls: median | passes | budget | moved: own, others",
        ),
    ]
    for cell in cells:
        moved = f"{cell['moved']['own']:.2f}, {cell['moved']['others']:.3f}" if "moved" in cell else ""
        lines.append(
            f"| {cell['cell']} | {cell['start']:.3f} | {cell['target']:.3f} | {cell['uniform_calls']:.0f} "
            f"| {cell['passes']:.1f} | {cell['budget']} | {moved} |"
        )
    return "\n".join(lines) + "\n"


def _bars(cells: list[dict[str, Any]]) -> list[str]:
    lines = _headed(
        "## What was asked",
        "Medians with 95 % intervals from order statistics. *Could it be reached?* names the best of all that is told "
        "no prompt's rate: rules on the belief of `Allocator`, and on the exact one.",
        columns="asked | cell | found | oracle | met | could it be reached?",
    )
    for cell in cells:
        for strategy in ("ours", "ours, features"):
            if strategy in cell["strategies"]:
                lines += _asked(cell, strategy)
    lines += [
        "",
        *_headed(
            "Ours against other rules on the same belief: without information, and by m(1-m), with information in it "
            "and without. One cell is made for a difference from m(1-m), one for its absence:",
            columns="cell | evidence | calls of ours to calls of | ratio | asked | met",
        ),
    ]
    for cell in cells:
        for other in (ALONE, "plug-in", "m(1-m) alone"):
            if other in cell["strategies"]:
                lines.append(_versus(cell, other))
    return lines


def _short(cells: list[dict[str, Any]]) -> list[str]:
    """Puts a cell in a row: ours, without information, the same evidence used exactly, every rate known, filtering."""
    lines = _headed(
        "## In short",
        "Geometric means with their 95 % intervals.",
        columns="cell | ours | without information | exact evidence | every p known | filtering: calls, steps",
    )
    for cell in cells:
        rows = cell["strategies"]
        for name in ("ours", "ours, features"):
            if name in rows:
                where = cell["cell"] + name.removeprefix("ours")
                told = [_mean(rows.get(each)) for each in (name, ALONE, FLOOR, "oracle", "DAPO-like")]
                if name != "ours":
                    told[1] = ""  # it was not told the features there
                told[-1] += f", {rows['DAPO-like']['steps']:.2f}" if "DAPO-like" in rows else ""
                lines.append(f"| {where} | {' | '.join(told)} |")
    return lines


def _headed(*texts: str, columns: str) -> list[str]:
    """Returns paragraphs and the head of a table below them."""
    spaced = [line for text in texts for line in (text, "")]
    return [*spaced, f"| {columns} |", f"{'| --- ' * (columns.count(' | ') + 1)}|"]


def _mean(row: dict[str, Any] | None) -> str:
    return f"{row['mean']:.2f} [{row['low']:.2f}, {row['high']:.2f}]" if row else ""


def _versus(cell: dict[str, Any], other: str) -> str:
    mean, low, high = versus(cell, "ours", other)
    evidence, asked, met = "as it comes", "", ""
    if other != ALONE and cell["cell"].startswith("a: half"):
        evidence, asked, met = "unequal", f"≤ {PLUG}", "yes" if mean <= PLUG else "no"
        met += ", within noise" if low <= PLUG < high else ""
    elif other != ALONE and cell["cell"].startswith("a: all"):
        evidence, asked, met = "equal", "the same", "yes" if low <= 1 <= high else "no"
    return f"| {cell['cell']} | {evidence} | {other} | {mean:.3f} [{low:.3f}, {high:.3f}] | {asked} | {met} |"


def _read(cells: list[dict[str, Any]]) -> list[str]:
    """Says what the figures come to: where nothing helps, and what filtering saves."""
    lines = ["## What it comes to", ""]
    moved = [cell for cell in cells if "moved" in cell]
    if moved:
        far = [cell for cell in moved if cell["moved"]["own"] >= FAR]
        near = [cell for cell in moved if cell["moved"]["own"] < FAR]
        lines.append(
            "- Where one step moves a prompt with a mixed group by half a logit or more, what it showed is soon not "
            f"true of it any more: {_range(far, 'ours')} of uniform's calls, though the oracle needs "
            f"{_range(far, 'oracle')}. Where it moves less: {_range(near, 'ours')}, the oracle "
            f"{_range(near, 'oracle')}."
        )
    both = [cell for cell in cells if ALONE in cell["strategies"] and "ours" in cell["strategies"]]
    ratios = sorted((versus(cell, "ours", ALONE), cell["cell"]) for cell in both)
    if ratios:
        (best, *_), where = ratios[0]
        (worst, *_), there = ratios[-1]
        fewer = sum(high < 1 for (_, _, high), _ in ratios)
        more = sum(low > 1 for (_, low, _), _ in ratios)
        lines.append(
            f"- Against E[p(1-p)] alone ours needs fewer calls in {fewer} of {len(ratios)} "
            f"cells and more in {more} (95 %): from {best:.2f} times ({where}) to {worst:.2f} times ({there})."
        )
    held = {cell["cell"]: cell for cell in cells}
    if "c grpo" in held:
        lines.append(f"- The small model under GRPO: ours needs {_told(held['c grpo'], 'ours')} of uniform's calls")
        same = (f"{name}, at uniform's rate" for name in ("ours", ALONE))
        for name in ("ours, features", ALONE, "plug-in", "oracle", *same):
            if name in held["c grpo"]["strategies"]:
                lines[-1] += f", {name} {_told(held['c grpo'], name)}"
        lines[-1] += "."
    if "c rft" in held:
        rft = held["c rft"]["strategies"]
        lines.append(
            f"- Under RFT it needs {rft['ours']['median']:.2f} of the calls: it leaves out solved prompts, whose "
            "accepted answers teach nothing here."
        )
        if "DAPO-like" in rft:
            lines[-1] += f" Filtering does that, too: {rft['DAPO-like']['median']:.2f}."
    filtered = [cell for cell in cells if "DAPO-like" in cell["strategies"] and cell["cell"] != "c rft"]
    if filtered:
        lines.append(
            f"- Elsewhere filtering for mixed groups saves steps ({_range(filtered, 'DAPO-like', 'steps')} of "
            f"uniform's) and costs verifier calls ({_range(filtered, 'DAPO-like')}): what it drops was paid for."
        )
    return lines


def _told(cell: dict[str, Any], name: str) -> str:
    row = cell["strategies"][name]
    lost = cell["seeds"] - row["reached"]
    broke = f", {lost} of {cell['seeds']} runs did not get there" if lost else ""
    return f"{row['median']:.2f} ({row['mean']:.2f} [{row['low']:.2f}, {row['high']:.2f}]{broke})"


def _range(cells: list[dict[str, Any]], name: str, what: str = "median") -> str:
    each = [cell["strategies"][name][what] for cell in cells if name in cell["strategies"]]
    low, high = (f"{end:.2f}" for end in (min(each, default=0.0), max(each, default=0.0)))
    return (low if low == high else f"{low} to {high}") if each else "none"


def _asked(cell: dict[str, Any], strategy: str) -> list[str]:
    row, name = cell["strategies"][strategy], cell["cell"]
    lines = []
    bar = _bar(cell, strategy)
    if bar is not None:
        asked = ("with features" if bar == FEATURES else "revisited, no prior") + f": median ≤ {bar}"
        met = placed.met(row, bar)
        oracle = cell["strategies"].get("oracle")
        known = placed.told(oracle) if oracle else ""
        could = placed.reach(cell, bar) if row["median"] > bar else ""
        lines.append(f"| {asked} | {name}, {strategy} | {placed.told(row)} | {known} | {met} | {could} |")
    met = "yes" if row["high"] <= SAFE else "no"
    return [*lines, f"| upper 95 % ≤ {SAFE} | {name}, {strategy} | {row['high']:.2f} | | {met} | |"]


def _bar(cell: dict[str, Any], strategy: str) -> float | None:
    """Returns the median that is asked of a strategy in a cell; none where prompts are not revisited nor told apart."""
    if "features" in cell["cell"] or "features" in strategy:
        return FEATURES
    return REVISITED if cell["passes"] >= PASSES else None


def rounded(value: Any) -> Any:
    """Keeps four significant digits."""
    if isinstance(value, bool):
        return value
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    return [rounded(each) for each in value] if isinstance(value, list | tuple) else value
