"""The round meter: what one round of a trained loop offered, side by side, and the ledger over its rounds.

A trained network has no state that could be enumerated, so nothing here is bits *held*. Stated are contrast bits and
surprise bits offered per rollout, the verdicts on distinct answers, and beside them what training did to accuracy and
to the loss on held-out prompts. No inequality between these columns is claimed, and no ratio of conversion.
The exact ledger, where all of it can be enumerated, is `freshbits.loop.exact`.
"""

from __future__ import annotations

import typing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from freshbits.criteria.offered import STATE, Offered, offered
from freshbits.errors import InputError
from freshbits.information.resampling import mean
from freshbits.outputs.answers import choose
from freshbits.outputs.belief import belief
from freshbits.outputs.compact import compact
from freshbits.plain import from_plain, to_plain
from freshbits.results import Estimate  # noqa: TC001  JSON is read back by the annotations
from freshbits.rollouts.schema import SIGNAL, signal_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from freshbits.outputs.partition import Partition


@dataclass(frozen=True, kw_only=True)
class LedgerRow:
    """Holds what one round of a loop offered and what was measured after it.

    Attributes:
        round: the round.
        signal: the signal that the loop trains on; the numbers of this row are its numbers.
        rollouts: rollouts of the round, scored or not.
        prompts: distinct prompts.
        groups: groups (one model's attempts at one prompt).
        accuracy: share of the round's rollouts that are right, by their truth; None without truth.
        distinct: distinct answers per prompt.
        contrast_bits: bits per rollout, what the differences inside a prompt carry.
        surprise_bits: bits per rollout, what the verdict tells a learner that knows its own votes (upper bound).
        accepted: share of rollouts accepted; None for scores.
        dead_groups: share of groups without any contrast.
        verdicts: distinct (prompt, answer class) pairs that got a verdict.
        partition: how answers were told apart, in words.
        signals: the same of every signal by itself.
        evaluation: what the caller measured after the round, by name (`task_loss`, `accuracy`, …).
    """

    round: int
    signal: str
    rollouts: int
    prompts: int
    groups: int
    accuracy: Estimate | None
    distinct: Estimate | None
    contrast_bits: Estimate | None
    surprise_bits: Estimate | None
    accepted: Estimate | None
    dead_groups: Estimate | None
    verdicts: int | None
    partition: str | None
    signals: dict[str, Offered] = field(default_factory=dict)
    evaluation: dict[str, float | None] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Returns the row as plain data, in the order of its fields."""
        return typing.cast("dict[str, Any]", to_plain(self))

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> LedgerRow:
        """Rebuilds the row from what `to_json` gave; unknown keys are ignored."""
        return typing.cast("LedgerRow", from_plain(cls, data))


def meter_round(
    rows: pl.DataFrame,
    *,
    evaluation: Mapping[str, float | None] | None = None,
    signal: str | None = None,
    partition: Partition | None = None,
) -> LedgerRow:
    """Meters the rollouts of one round: contrast and surprise bits, distinct verdicts, accuracy.

    The estimators are the audit's, but for surprise bits, which are counted (`information.counted`): about ten
    milliseconds for a thousand rollouts.

    Args:
        rows: the round's rollouts in canonical columns (`rollouts.schema`): `prompt` or `group`, `completion`, one or
            more `signal.NAME`, optionally `round`, `truth`, `logprob` and the rest.
        evaluation: what was measured after the round; `task_loss` (bits per held-out answer) gives `ledger` its drop.
        signal: the signal that the loop trains on; the first where None.
        partition: how answers are told apart; chosen from the rows where None. Hand in the first round's choice, so
            that rounds are counted alike.

    Raises:
        InputError: without rows or signals, with rows of several rounds, or where the signal is not among them.

    >>> rows = pl.DataFrame({"round": 3, "prompt": [f"q{i // 8}" for i in range(320)],
    ...                      "completion": [f"a{i % 3}" for i in range(320)],
    ...                      "signal.exact": [float(i % 3 == 0) for i in range(320)]})
    >>> row = meter_round(rows, evaluation={"task_loss": 2.5})
    >>> row.round, row.verdicts, row.distinct.value, row.evaluation["task_loss"]
    (3, 120, 3.0, 2.5)
    """
    names = signal_columns(rows.columns)
    if rows.height == 0 or not names:
        raise InputError("a round without " + ("signals" if rows.height else "rollouts") + " cannot be metered")
    main = signal or names[0]
    if main not in names:
        raise InputError(f"the round has no signal {main!r}", mend=f"it has {', '.join(names)}")
    read = partition or choose(rows)
    narrow = compact(rows, replace(read, coarser=None, coarsen=None))  # coarser classes are not asked here
    if narrow["round"].n_unique() != 1:
        raise InputError("the rows are of several rounds", column="round", mend="meter every round by itself")
    state = belief(narrow)
    columns = [name for name in STATE if name in state.columns]
    known = state.select(columns).to_numpy().astype(np.float64) if columns else None
    group, prompt = narrow["group"].to_numpy(), narrow["prompt"].to_numpy()
    answer = narrow["answer_class"].to_numpy() if "answer_class" in narrow.columns else None
    found = {
        name: offered(narrow[SIGNAL + name].cast(pl.Float64).to_numpy(), group, prompt, answer, known) for name in names
    }
    own = found[main]
    return LedgerRow(
        round=int(narrow["round"][0]),
        signal=main,
        rollouts=rows.height,
        prompts=int(np.unique(prompt).size),
        groups=int(np.unique(group).size),
        accuracy=_accuracy(narrow),
        distinct=None if answer is None else _distinct(prompt, answer),
        contrast_bits=own.contrast_bits,
        surprise_bits=own.surprise_bits,
        accepted=own.accepted,
        dead_groups=own.dead_groups,
        verdicts=own.verdicts,
        partition=None if answer is None else read.name,
        signals=found,
        evaluation=dict(evaluation or {}),
    )


def ledger(rows: Sequence[LedgerRow]) -> dict[str, Any]:
    """Summarises the rounds of a loop: `{rounds: [{round, signal, …, evaluation, task_loss_drop}]}`, in order of round.

    `task_loss_drop` is the held-out task loss after the round before, less that after this one: None where either was
    not measured. It stands beside the bits offered and is not made of them.

    >>> ledger([])
    {'rounds': []}
    """
    listed = sorted(rows, key=lambda row: row.round)
    before = [None, *(row.evaluation.get("task_loss") for row in listed)]
    result = []
    for row, last in zip(listed, before[:-1] if listed else [], strict=True):
        now = row.evaluation.get("task_loss")
        drop = None if last is None or now is None else last - now
        result.append({**row.to_json(), "task_loss_drop": to_plain(drop)})
    return {"rounds": result}


def _accuracy(narrow: pl.DataFrame) -> Estimate | None:
    if "truth" not in narrow.columns:
        return None
    right = narrow.filter(pl.col("truth").is_not_null()).select("prompt", "truth")
    return mean(
        right["truth"].to_numpy().astype(np.float64),
        right["prompt"].to_numpy(),
        unit="share right",
        method="mean over rollouts with truth, jackknife over prompts",
        rollouts=right.height,
    )


def _distinct(prompt: NDArray[np.uint64], answer: NDArray[np.uint64]) -> Estimate | None:
    pairs = np.unique(np.stack([prompt, answer]), axis=1)
    keys, count = np.unique(pairs[0], return_counts=True)
    return mean(
        count.astype(np.float64),
        keys,
        unit="answers per prompt",
        method="mean over prompts, jackknife over prompts",
        rollouts=prompt.size,
        bounds=(0.0, np.inf),
    )
