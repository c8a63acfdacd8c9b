"""Which prompts to ask next and how often, for a budget: those expected to tell most under a calibrated belief."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from freshbits.allocated import Allocated
from freshbits.errors import InputError
from freshbits.remedies.allocation.batch import GROUP, SHARPNESS, SMALLEST
from freshbits.remedies.allocation.rules import expected_bits, mixed
from freshbits.remedies.allocation.sequential import SHARE
from freshbits.remedies.chosen import choose
from freshbits.remedies.prediction.believe import believe
from freshbits.remedies.prediction.history import read_history
from freshbits.remedies.prediction.pool import read_pool
from freshbits.remedies.ways import ways

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from freshbits.remedies.allocation.belief import Belief
    from freshbits.remedies.prediction.history import History
    from freshbits.rollouts.log import Log

SETTLED = 0.05  # chance of a mixed group below which a prompt is not asked in a first wave
UNITS = ("rollouts", "calls", "tokens", "cost")
BUDGET = re.compile(rf"(?:({'|'.join(UNITS)})\s*[= ]\s*)?(\d[\d_,]*(?:\.\d+)?(?:e\d+)?)(?:\s+({'|'.join(UNITS)}))?")


def allocate(
    log: Log,
    budget: str | int,
    *,
    pool: Any = None,
    signal: str | None = None,
    source: str | None = None,
    by: Sequence[str] | None = None,
    embedding: str | None = None,
    samples: int = GROUP,
    sequential: bool = False,
    sharpness: float = SHARPNESS,
    price: float | None = None,
    pool_prompt: str | None = None,
    seed: int = 0,
) -> tuple[pl.DataFrame, Allocated]:
    """Chooses the prompts of the next round, and how many rollouts of each.

    A predictor states every prompt's pass rate from its text and fields; it is scored on prompts it has not seen, and
    where it is not better than the base rate or the mean of a field, these are believed. Verdicts of the prompt itself
    correct it. Prompts are drawn, each as likely as its E[p(1-p)] to the power `sharpness`.

    Args:
        log: rollouts so far.
        budget: rollouts; or "calls=400" (one verifier call per rollout), "tokens=1e6" (at the log's mean length),
            "cost=20" (at `price` per rollout).
        pool: prompts to choose from, tried or not: a file, a frame, a list; those of the log where None.
        signal: the verdict; the log's first signal where None.
        source: whose pass rates, where several models wrote.
        by: fields of the prompts to learn from; all columns that are the same on all rows of a prompt where None.
        embedding: column with a list of numbers per prompt, in the log and the pool.
        samples: rollouts per prompt.
        sequential: write only a first wave of two rollouts per prompt, with a quarter of the budget; when its verdicts
            are in the log, allocate the rest. Prompts that are settled (a group would be mixed with a chance below
            .05) are not asked.
        sharpness: prompts are drawn as their E[p(1-p)] to this power: 0 is uniform, infinity takes the best.
        price: of one rollout.
        pool_prompt: column of the pool that holds the prompts, where it has another name.
        seed: the same seed chooses the same prompts.

    Returns:
        (`prompt`, `rollouts`, `expected_bits` (contrast bits of these rollouts), `expected_rate`,
        `prompt_probability` (how likely it was to be chosen), what is expected and how good the belief is).

    Raises:
        InputError: if the budget cannot be read or is too small, the signal is no verdict, or several models wrote.

    It does not know what a rollout of another length costs: tokens and cost are means over the log.

    >>> rows = [{"prompt": f"q{i // 8}", "completion": "a", "reward": float(i % 8 < i // 8 % 9)} for i in range(720)]
    >>> from freshbits.rollouts.read import read
    >>> table, found = allocate(read(pl.DataFrame(rows)), 160)
    >>> table.height, [way.rule for way in found.ways]
    (20, ['expected variance', 'uniform', 'dead prompts dropped', 'm(1-m)'])
    """
    chosen_signal = signal or (log.signals[0] if log.signals else "")
    if chosen_signal not in log.signals:
        raise InputError(
            f"there is no signal {chosen_signal!r} in the log", mend=f"choose among {', '.join(log.signals)}"
        )
    amount, unit = parse_budget(budget)
    has_text = "prompt" in log.schema
    given = None if pool_prompt is None else {"prompt" if has_text else "prompt_id": pool_prompt}
    table = None if pool is None else read_pool(pool, has_text=has_text, columns=given, embedding=embedding)
    known = () if table is None else table.columns
    history = read_history(log, chosen_signal, source=source, by=by, embedding=embedding, known=known)
    rollouts = _rollouts(amount, unit, history, price)
    believed = believe(history, table, embedding=embedding, seed=seed)
    notes = [*log.problems.sentences(), *history.notes]
    belief = believed.belief
    spent, group, barred = rollouts, samples, None
    if sequential:
        group = SMALLEST
        barred = _settled(belief, samples)
        if barred.size:
            notes.append(
                f"{barred.size:,} prompts are settled and not asked: a group of {samples} would show no contrast"
            )
        spent = max(int(SHARE * rollouts) // group * group, group)
        notes.append(
            f"a first wave of {spent:,} rollouts; when its verdicts are in the log: --budget {rollouts - spent}"
        )
    chosen = choose(belief, spent, group=group, sharpness=sharpness, barred=barred, seed=seed)
    bits = expected_bits(belief.a, belief.b)[chosen.index]
    rows = believed.prompts.select("prompt")[chosen.index].with_columns(
        rollouts=pl.Series(chosen.rollouts),
        expected_bits=pl.Series(chosen.rollouts * bits),
        expected_rate=pl.Series(belief.mean[chosen.index]),
        prompt_probability=pl.Series(chosen.probability),
    )
    if history.chosen:
        notes.append("prompts of the log were chosen by a belief: figures over its rows are not figures over the pool")
    if log.filtered is not None:
        notes.append(f"{log.filtered}: pass rates near 0 and 1 are under-counted")
    if believed.prediction is not None and believed.prediction.worth is None:
        notes.append("no prompt was tried twice, so what a stated rate is worth is not known: taken as 2 rollouts")
    return rows, Allocated(
        signal=chosen_signal,
        rounds=history.rounds,
        candidates=believed.prompts.height,
        tried=int(believed.tried.sum()),
        budget=spent,
        prediction=believed.prediction,
        ways=ways(belief, chosen, spent, group, sharpness),
        notes=notes,
    )


def _settled(belief: Belief, samples: int) -> NDArray[np.int64]:
    """Returns the prompts of whose verdicts enough is known: their next group would hardly be mixed.

    None where that would leave fewer than one prompt in twenty.
    """
    asked = belief.rollouts > 0
    settled = asked & (mixed(belief.a, belief.b, samples) < SETTLED)
    return np.flatnonzero(settled) if settled.mean() < 1 - SETTLED else np.zeros(0, dtype=np.int64)


def parse_budget(budget: str | int) -> tuple[float, str]:
    """Reads a budget: a number of rollouts, or `calls=N`, `tokens=N`, `cost=N`.

    Raises:
        InputError: if it is none of these.

    >>> parse_budget(400), parse_budget("rollouts 400"), parse_budget("tokens=1e6")
    ((400.0, 'rollouts'), (400.0, 'rollouts'), (1000000.0, 'tokens'))
    """
    match = BUDGET.fullmatch(str(budget).strip())
    if match is None or (match.group(1) and match.group(3)):
        raise InputError(f"--budget {budget!r} is no budget", mend="write 400, calls=400, tokens=1e6 or cost=20")
    unit = match.group(1) or match.group(3) or "rollouts"
    return float(re.sub("[_,]", "", match.group(2))), unit


def _rollouts(amount: float, unit: str, history: History, price: float | None) -> int:
    """Turns a budget into rollouts."""
    each = 1.0
    if unit == "tokens":
        if not history.tokens:
            raise InputError("the log counts no tokens", mend="give the budget in rollouts, or --map tokens=COLUMN")
        each = history.tokens
    if unit == "cost":
        if price is None or not price > 0:
            raise InputError("what a rollout costs is not said", mend="--price: the cost of one rollout")
        each = price
    found = int(np.floor(amount / each))
    if found < SMALLEST:
        raise InputError(f"a budget of {found} rollouts compares nothing", mend="give 2 rollouts or more")
    return found
