"""Selection: the accepted rows of a log that say something new, each with its reason and its weight.

What a set of rows teaches follows its distinct accepted answers and texts rather than its size (Yuan et al. 2023, arXiv
2308.01825), so rows are taken prompt by prompt and answer by answer before any says the same again. That is a bet, not
a law: a learner of bounded effort can gain more from a few rows many times over than from many rows once (arXiv
2602.11149), and rows that come often are those the model finds likely, and in a noisy log right. Measured in
`benchmarks/results/selection.md`: more variety, more prompts, a point or two less accuracy than as many rows by lot.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.errors import InputError
from freshbits.remedies.selection.candidates import candidates
from freshbits.remedies.selection.cost import restoring, take_tokens
from freshbits.remedies.selection.order import REASONS, REPEAT, take
from freshbits.rollouts.options import nearest
from freshbits.selected import Reach, Selected, Shift

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from freshbits.remedies.selection.candidates import Candidates
    from freshbits.rollouts.log import Log

CHANGED = "selection changes how often things occur: averages over the kept rows need `weight` to hold for the accepted"
BET = (
    "it assumes that new answers teach more than those seen again: where it was measured it kept more variety than as "
    "many rows by lot, and cost a point or two of accuracy"
)
SHORT = "rows were chosen for being short: weights restore classes, prompts and regions, not lengths"
ONE_ANSWER = "no prompt has two accepted answers: rows differ in their texts only"
UNREACHED = "some regions have no kept row, and no weight restores them"
ERRS = "a new answer that is accepted is also where a verdict errs most: label some of the kept rows before training"
LOWER = 0.02  # by which the share of right rows has to fall to be told


def select(
    log: Log,
    number: int | None = None,
    *,
    share: float | None = None,
    signal: str | None = None,
    per_token: bool = False,
    cap: int | None = None,
    least_pass: float | None = None,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> tuple[pl.DataFrame, Selected]:
    """Selects accepted rows that say something new: prompts not covered first, then new answers, then new texts.

    Rows that repeat a chosen one (the same text, or nearly) come last. See `remedies.selection.order` for the order
    and the weights, `remedies.selection.near` for what is nearly the same.

    Args:
        log: the log.
        number: rows to keep; tokens with `per_token`.
        share: in place of `number`, the share of the accepted rows (tokens) to keep.
        signal: the verdict; the log's first signal where None. A score accepts what lies above the mean of its prompt.
        per_token: whether rows count by their tokens (characters where none are logged), so that short ones go first.
        cap: rows of one prompt at most.
        least_pass: leave out prompts of which a smaller share is accepted: where a verdict errs, what it accepts of a
            hopeless prompt is mostly wrong, and every prompt is reached first.
        seed: the same seed keeps the same rows.
        progress: called with what is being done, in words.

    Returns:
        (the rows that are kept, as read, with `weight` and `reason`; what was done). With all weights the kept rows
        stand for all accepted rows of the prompts that could be reached; their mean is 1 / share.

    Raises:
        InputError: if the signal is unknown, accepts nothing, or the budget is no budget.

    It does not know whether an accepted row is right (`freshbits audit` does, with labels), nor what it will teach.

    >>> rows = [{"prompt": f"q{i // 8}", "completion": f"so the answer is {i % 4}", "reward": float(i % 4 > 1)}
    ...         for i in range(80)]
    >>> from freshbits.rollouts.read import read
    >>> kept, found = select(read(pl.DataFrame(rows)), 15)
    >>> found.rows.accepted, found.reasons
    (40, {'first of its prompt': 10, 'new answer': 5})
    """
    signal = _signal(log, signal)
    if cap is not None and cap < 1:
        raise InputError(f"a cap of {cap} rows per prompt keeps nothing", mend="leave it out, or write --cap 4")
    if least_pass is not None and not 0 <= least_pass <= 1:
        raise InputError(f"--least-pass {least_pass:g} is no share", mend="write --least-pass .25")
    found = candidates(log, signal, progress, least_pass)
    unread = log.problems.sentences()
    total = float(found.length.sum()) if per_token else float(found.rows.size)
    budget = _budget(number, share, total)
    if per_token:
        rows, reason = take_tokens(found.cells, found.length, budget, seed, cap)
        weight = restoring(found.cells, rows)
    else:
        taken = take(found.cells, int(budget), seed, cap)
        rows, reason, weight = taken.rows, taken.reason, 1.0 / taken.probability
    if not rows.size:
        raise InputError(f"no row fits into {budget:,.0f} {found.unit}", mend="give more")
    kept = _rows(log, found.rows[rows]).with_columns(
        weight=pl.Series(weight), reason=pl.Series([REASONS[each] for each in reason], dtype=pl.String)
    )
    result = _result(found, rows, reason, weight, signal, per_token=per_token)
    return kept, replace(result, notes=[*unread, *result.notes])


def _signal(log: Log, signal: str | None) -> str | None:
    if signal is None:
        return log.signals[0] if log.signals else None
    if signal not in log.signals:
        raise InputError(
            f"there is no signal {signal!r} in the log" + nearest(signal, log.signals),
            mend=f"choose among {', '.join(log.signals)}",
        )
    return signal


def _budget(number: int | None, share: float | None, total: float) -> float:
    """Returns how many rows or tokens are wanted."""
    if (number is None) == (share is None):
        raise InputError("say how much to keep, once", mend="-n 1000, or --share .25")
    if share is not None:
        if not 0 < share <= 1:
            raise InputError(f"a share of {share:g} is none", mend="write --share .25")
        return max(round(share * total), 1.0)
    if number is None or number < 1:
        raise InputError(f"{number} rows are none", mend="write -n 1000")
    return float(number)


def _rows(log: Log, wanted: NDArray[np.int64]) -> pl.DataFrame:
    """Reads the rows that are kept, whole."""
    parts, before = [], 0
    for batch in log.again(list(log.schema)):
        here = wanted[np.searchsorted(wanted, before) : np.searchsorted(wanted, before + batch.height)]
        parts.append(batch[here - before])
        before += batch.height
    return pl.concat(parts)


def _result(
    found: Candidates,
    rows: NDArray[np.int64],
    reason: NDArray[np.int64],
    weight: NDArray[np.float64],
    signal: str | None,
    *,
    per_token: bool,
) -> Selected:
    cells = found.cells

    def reach(cell: NDArray[np.int64], of_log: int | None) -> Reach:
        return Reach(log=of_log, accepted=int(np.unique(cell).size), kept=int(np.unique(cell[rows]).size))

    prompts = reach(cells.prompt, found.scored[1])
    answers = reach(cells.answer, None)
    shifts = _shifts(found.told, rows, weight)
    tokens = Reach(log=None, accepted=int(found.length.sum()), kept=int(found.length[rows].sum()))
    return Selected(
        signal=signal,
        partition=found.partition,
        unit=found.unit if per_token else "rows",
        rows=Reach(log=found.scored[0], accepted=found.rows.size, kept=rows.size),
        cost=tokens if per_token else None,
        prompts=prompts,
        regions=reach(cells.region, found.scored[2]) if found.regions else None,
        answers=answers,
        texts=reach(cells.text, None),
        reasons={REASONS[at]: int(count) for at, count in enumerate(np.bincount(reason, minlength=4)) if count},
        weights="post-stratified" if per_token else "1 / inclusion probability",
        shifts=shifts,
        notes=[CHANGED, BET, *_notes(found, rows, reason, prompts, answers, shifts, per_token=per_token)],
    )


def _notes(
    found: Candidates,
    rows: NDArray[np.int64],
    reason: NDArray[np.int64],
    prompts: Reach,
    answers: Reach,
    shifts: list[Shift],
    *,
    per_token: bool,
) -> list[str]:
    """Says what is special about this log and this choice."""
    notes = [SHORT] if per_token else []
    truth = next((each for each in shifts if each.feature == "truth"), None)
    if truth is not None and truth.selected < truth.accepted - LOWER:
        notes.append(
            f"of the kept rows {100 * truth.selected:.0f} % are right where labelled, of all accepted ones "
            f"{100 * truth.accepted:.0f} %: new answers are where the verdict errs"
        )
    elif truth is None and answers.accepted > prompts.accepted:
        notes.append(ERRS)
    region = found.cells.region
    if not per_token and np.unique(region[rows]).size < np.unique(region).size:
        notes.append(UNREACHED)
    if answers.accepted == prompts.accepted:
        notes.append(ONE_ANSWER)
    if found.by_construction:
        notes.append("answers are told apart by the signal's own parse")
    if (without := found.scored[1] - prompts.accepted) > 0:
        notes.append(f"prompts of the log without an accepted row: {without:,}; no selection covers them")
    if (again := int((reason == REPEAT).sum())) > 0:
        notes.append(f"nothing new was left for {again:,} of the kept rows")
    return notes


def _shifts(told: dict[str, NDArray[np.float64]], rows: NDArray[np.int64], weight: NDArray[np.float64]) -> list[Shift]:
    """Compares means over accepted, kept and weighted rows; what never differs between rows is left out."""
    found = []
    for name, values in told.items():
        known = ~np.isnan(values)
        here = rows[known[rows]]
        if not known.any() or not here.size or float(np.ptp(values[known])) == 0.0:
            continue
        found.append(
            Shift(
                feature=name,
                accepted=float(values[known].mean()),
                selected=float(values[here].mean()),
                corrected=float(np.average(values[here], weights=weight[known[rows]])),
                deviation=float(values[known].std()),
            )
        )
    return sorted(found, key=lambda each: -abs(each.selected - each.accepted) / each.deviation)
