"""The comparison: several signals of one log, or of several logs, side by side and ranked where that can be told."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.auditing import Source, gather, judge
from freshbits.compared import Compared, Comparison
from freshbits.criteria.comparable import comparable
from freshbits.criteria.ungrouped import CODE as NO_GROUPS
from freshbits.criteria.ungrouped import without_groups
from freshbits.errors import InputError
from freshbits.rollouts.log import Log
from freshbits.rollouts.options import ReadOptions, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from freshbits.criteria.inputs import Evidence
    from freshbits.results import Estimate

TASK, CLASS = "task_bits", "class_bits"
TURNED = 0.05  # share of prompts with J < 0 above which a signal is named
SAME_PROMPTS = 0.9  # logs that share fewer of their prompts asked different questions

BLIND = (
    "without truth the order is by bits that a signal shares with the answer classes of its own prompt, above what "
    "moved verdicts show: a vote of the model's own answers, or a habit tied to the answer, ranks as high as truth, "
    "and what a signal says beyond the final answer is not seen"
)


def compare(
    *sources: Source,
    options: ReadOptions | None = None,
    costs: Mapping[str, float] | None = None,
    names: Sequence[str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Comparison:
    """Compares signals: every signal of every log, best first by bits about the task per rollout, and per cost.

    Where any log has truth the order is by task bits I(C;S|Q) (`channel.bits`). Else it is by `class_bits`: what the
    verdicts share with the answer classes of their own prompt less what moved verdicts show, so that a signal that is
    random, or knows only which prompts are easy, carries nothing, however many contrast bits it has. The two are never
    ranked against each other.

    A signal has no rank where it carries nothing for certain (under .01 bit, or not distinguishable from none), where
    it prefers wrong answers, or where its bits are of another kind; `reason` says which.

    It does not know what a signal does to a learner over rounds, nor whether it is new to the model: `audit` does.

    Args:
        sources: logs, each what `freshbits.audit` takes.
        options: how to read them all.
        costs: signal -> what one score costs, in a unit of the caller's, above 0.
        names: how to name the logs.
        progress: called with what is being done, in words.

    Raises:
        InputError: if a log cannot be read, none is given, or a cost names no signal or is not above 0.

    >>> rng = np.random.default_rng(0)
    >>> rows = [{"prompt": f"q{i // 8}", "completion": f"The answer is {i % 3}.", "exact": float(i % 3 == 0),
    ...          "coin": float(rng.random() < 0.5)} for i in range(960)]
    >>> found = compare(pl.DataFrame(rows), options=ReadOptions(signals=("exact", "coin")))
    >>> [(each.signal, each.rank) for each in found.compare]
    [('exact', 1), ('coin', None)]
    """
    if not sources:
        raise InputError("no log to compare", mend="name one log or several")
    called = list(names) if names is not None else _names(sources)
    found: list[Compared] = []
    asked: list[tuple[Evidence, frozenset[int]]] = []
    for source, name in zip(sources, called, strict=True):
        log, evidence, labels = gather(source, options, where=name, progress=progress, texts=False)
        audit = judge(log, evidence, labels, progress)
        asked.append((evidence, frozenset(evidence.tally.groups["prompt"].to_list())))
        rows = [comparable(evidence, audit, name, signal) for signal in audit.budget]
        found += [_of_set(row) if without_groups(evidence, row.signal) else row for row in rows]
    found = _with_costs(found, costs or {})
    basis = TASK if any(each.task_bits is not None for each in found) else CLASS
    found = [_judged(each, basis) for each in _one_kind(found, basis)]
    return Comparison(
        compare=_ranked(found, basis),
        basis=basis,
        warnings=[*_warnings(called, asked), *_turned(found)],
        notes=[BLIND] if basis == CLASS else [],
    )


def _of_set(row: Compared) -> Compared:
    """Returns a signal of a set without groups: bits are compared inside groups, so it has no rank."""
    return replace(
        row,
        task_bits=None,
        class_bits=None,
        code=NO_GROUPS,
        reason="one response per instruction: bits are ranked inside groups; freshbits audit tells what each filter "
        "keeps, costs and buys",
        needs=None,
    )


def parse_costs(texts: Sequence[str]) -> dict[str, float]:
    """Reads `NAME=x`.

    >>> parse_costs(["judge=0.02"])
    {'judge': 0.02}
    """
    found: dict[str, float] = {}
    for text in texts:
        name, equals, number = text.rpartition("=")
        try:
            found[name.strip()] = float(number)
        except ValueError:
            equals = ""
        if not equals or not name.strip():
            raise InputError(f"--cost {text!r} is not NAME=x", mend="write it like --cost judge=0.02")
    return found


def _with_costs(found: list[Compared], costs: Mapping[str, float]) -> list[Compared]:
    """Returns the signals with their costs."""
    known = [each.signal for each in found]
    for name, cost in costs.items():
        if name not in known:
            raise InputError(
                f"--cost {name}: no log has a signal {name!r}" + nearest(name, known),
                mend=f"the signals are {', '.join(dict.fromkeys(known))}",
            )
        if not (math.isfinite(cost) and cost > 0):
            raise InputError(f"--cost {name}={cost:g}: a cost must be above 0", mend="leave it out where it is free")
    return [replace(each, cost=costs.get(each.signal)) for each in found]


def _one_kind(found: list[Compared], basis: str) -> list[Compared]:
    """Takes the rank from bits of another kind: per pair, or pooled over prompts, beside bits inside prompts."""
    kinds = [_kind(getattr(each, basis)) for each in found]
    first = min((kind for kind, each in zip(kinds, found, strict=True) if kind and each.code is None), default=None)
    return [
        replace(
            each,
            code="COMPARE_OTHER_KIND",
            reason="its bits are pooled over prompts or per pair, those of others are inside prompts",
            needs=None,
        )
        if each.code is None and kind is not None and kind != first
        else each
        for kind, each in zip(kinds, found, strict=True)
    ]


def _kind(bits: Estimate | None) -> tuple[bool, str] | None:
    """Returns (whether pooled over prompts, unit): only bits of one kind are ranked; inside prompts comes first."""
    return None if bits is None else ("pooled" in bits.method, bits.unit)


def _judged(each: Compared, basis: str) -> Compared:
    """Settles the status of a signal once the basis is known."""
    if each.code is None and getattr(each, basis) is None:
        reason = "its log has no truth, others have: task bits and answer-class bits are not ranked together"
        each = replace(each, code="COMPARE_NO_TRUTH", reason=reason, needs=f"freshbits label {each.log} -n 300")
    return replace(each, status="judged" if each.code is None else "not_judged")


def _ranked(found: list[Compared], basis: str) -> list[Compared]:
    """Returns the signals in order, ranked ones first; per cost beside where a cost was given."""

    def bits(each: Compared) -> float:
        estimate: Estimate | None = getattr(each, basis)
        return (estimate.value if estimate is not None else None) or 0.0

    order = sorted((each for each in found if each.status == "judged"), key=bits, reverse=True)
    clear: list[bool | None] = [
        (getattr(one, basis).low or 0.0) > (getattr(two, basis).high or math.inf) for one, two in pairwise(order)
    ]
    ranked = [
        replace(
            each,
            rank=number,
            per_cost=bits(each) / each.cost if each.cost is not None else None,
            clear=sure,
        )
        for number, (each, sure) in enumerate(zip(order, [*clear, None], strict=False), start=1)
    ]
    by_cost = sorted(
        (each for each in ranked if each.per_cost is not None), key=lambda e: e.per_cost or 0, reverse=True
    )
    place = {(each.log, each.signal): number for number, each in enumerate(by_cost, start=1)}
    ranked = [replace(each, rank_per_cost=place.get((each.log, each.signal))) for each in ranked]
    return ranked + [each for each in found if each.status != "judged"]


def _warnings(names: list[str], asked: list[tuple[Evidence, frozenset[int]]]) -> list[str]:
    """Says where logs differ in what makes their bits comparable."""
    warnings = []
    (_, first), *others = asked
    for name, (_, prompts) in zip(names[1:], others, strict=True):
        shared = len(first & prompts) / max(len(first | prompts), 1)
        if shared < SAME_PROMPTS:
            warnings.append(
                f"{names[0]} and {name} share {100 * shared:.0f} % of their prompts: bits grow and fall with how hard "
                "prompts are, so compare the base rates first"
            )
    sizes = {}
    for name, (evidence, _) in zip(names, asked, strict=True):
        sizes[name] = int(np.median(evidence.tally.groups["rows"].to_numpy()))
    if len(set(sizes.values())) > 1:
        told = ", ".join(f"{name}: {size}" for name, size in sizes.items())
        warnings.append(f"the logs have different group sizes ({told}); answer-class bits fall with small groups")
    for name, (evidence, _) in zip(names, asked, strict=True):
        if evidence.filtered is not None:
            warnings.append(f"{name} hides groups without contrast ({evidence.filtered}): its bits are too high")
    return warnings


def _turned(found: list[Compared]) -> list[str]:
    """Names ranked signals whose bits partly point the wrong way: information, but none that a learner can use."""
    return [
        f"{each.signal} of {each.log} prefers wrong answers on {100 * (each.negative_j.value or 0):.0f} % of prompts: "
        "its bits there count, and point the wrong way"
        for each in found
        if each.status == "judged" and each.negative_j is not None and (each.negative_j.low or 0.0) > TURNED
    ]


def _names(sources: Sequence[Source]) -> list[str]:
    """Names the logs: by their paths where they have one, else by number."""
    names = []
    for number, source in enumerate(sources, start=1):
        if isinstance(source, (str, Path)):
            names.append(str(source))
        elif isinstance(source, (pl.DataFrame, pl.LazyFrame, Log)):
            names.append("LOG" if len(sources) == 1 else f"LOG {number}")
        else:
            names.append(" ".join(str(part) for part in source))
    return names
