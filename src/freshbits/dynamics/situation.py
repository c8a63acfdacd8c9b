"""A loop declared in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    Rate = float | tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class Situation:
    """Declares a loop.

    Attributes:
        base_rate: pass rate of every prompt, or a list of them, or ("beta", a, b).
        tpr, fpr: how often right and wrong answers are accepted; (value, low, high) where only known so well (90 %).
        keep: accepted rows kept per prompt and round; or
        keep_total: the same for all prompts together; or
        samples: rollouts per prompt and round, of which the accepted are kept.
        prompts: prompts in a round.
        fresh: share of rows that are drawn anew from where the loop began.
        pool: "replace" the rows of earlier rounds, or "accumulate" them.
        method: "self" (no filter), "sft" or "rft" (trained on accepted rows), "grpo" (refused: needs a log).
        recorruption: share of right answers that turn wrong in every round by themselves.
        target: accuracy to be reached.
        rounds: how many rounds the trajectory shows.
    """

    base_rate: float | Sequence[float] | tuple[str, float, float]
    tpr: Rate = 1.0
    fpr: Rate = 1.0
    keep: float | None = None
    keep_total: float | None = None
    samples: float | None = None
    prompts: int = 100
    fresh: float = 0.0
    pool: str = "replace"
    method: str = "rft"
    recorruption: float = 0.0
    target: float | None = None
    rounds: int = 20
