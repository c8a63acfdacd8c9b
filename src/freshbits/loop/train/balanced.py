"""What a round trains on when a feature is not to be paid for: chosen rows, or rewards at equal features."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from freshbits.errors import InputError
from freshbits.remedies.balance import Balance
from freshbits.remedies.rebalance import rebalance
from freshbits.rollouts.read import read
from freshbits.rollouts.schema import SIGNAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freshbits.loop.parts import Balanced

    Scores = list[float | None]

PLACE, PAID = "place", "paid"


@dataclass(frozen=True)
class Left:
    """Holds what balancing leaves of a round.

    Attributes:
        kept: the rows to learn from.
        rewards: the rewards to learn by. A row that is not kept has the mean of its group's kept ones, so that a
            group-relative trainer gives it no advantage; 0 where none is kept.
    """

    kept: list[bool]
    rewards: Scores


def balanced(declared: Balanced, rows: pl.DataFrame, rewards: Scores, seed: int) -> Left:
    """Balances the rewards of a round against features, by one of the remedies.

    `rebalance`: rows among which the features say nothing about the reward, inside prompts where that leaves enough
    (`remedies.rebalance`); where fewer than 64 are left, none. `groups`: the same inside every group, by rank in it
    (`Balance.keep`). `even`: of the accepted ones as many at each level as all rows have (`Balance.even`). `reward`:
    all rows, paid r - E[r|φ] with the effects of this round (`Balance.controlled`).

    Args:
        declared: features, and how.
        rows: the round's rollouts in canonical columns.
        rewards: what they were paid.
        seed: of the rows that are chosen.
    """
    groups = rows["group"].rank("dense").cast(pl.Int64).to_list()
    texts = rows["completion"].to_list()
    online = online_balance(declared, seed)
    if declared.how == "reward":
        paid = online.controlled(texts, rewards, groups)
        return Left([value is not None for value in paid], paid)
    if declared.how == "even":
        return Left(online.even(texts, [value is not None and value > 0 for value in rewards]), rewards)
    if declared.how == "groups":
        kept = online.keep(texts, rewards, groups)
    else:
        kept = _rebalanced(declared, rows, rewards, seed)
    return Left(kept, _levelled(rewards, kept, groups))


def online_balance(declared: Balanced, seed: int) -> Balance:
    """Makes the online filter of a declaration.

    Raises:
        InputError: if a feature is unknown.
    """
    return Balance(declared.against, seed=seed, features=declared.features)


def _rebalanced(declared: Balanced, rows: pl.DataFrame, rewards: Scores, seed: int) -> list[bool]:
    frame = rows.select(
        "prompt",
        "group",
        "completion",
        pl.int_range(pl.len()).alias(PLACE),
        pl.Series(SIGNAL + PAID, rewards, dtype=pl.Float64),
    )
    try:
        found, _ = rebalance(read(frame), declared.against, seed=seed, features=declared.features)
    except InputError:  # too few rows are left: the features were looked at before anything was run
        return [False] * rows.height
    places = set(found[f"extra.{PLACE}" if f"extra.{PLACE}" in found.columns else PLACE].to_list())
    return [place in places for place in range(rows.height)]


def _levelled(rewards: Scores, kept: Sequence[bool], groups: Sequence[int]) -> Scores:
    found: dict[int, list[float]] = defaultdict(list)
    for value, good, group in zip(rewards, kept, groups, strict=True):
        if good and value is not None:
            found[group].append(value)
    means = {group: sum(values) / len(values) for group, values in found.items()}
    return [value if good else means.get(group, 0.0) for value, good, group in zip(rewards, kept, groups, strict=True)]
