"""By how many logits prompts move while the policy is trained: after a group of their own, and with every update.

A group whose verdicts differ moves its prompt by `push` times 4 s/n (1 - s/n), and every update moves all prompts by
`drift`. Both are learned from prompts that are asked again, by a Kalman filter on how far their verdicts were off.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.remedies.allocation.posterior import Posterior

FIRST = (9.0, 4e-4)  # variance of push and drift before anything was seen
WANDER = (0.01, 1e-6)  # that a batch adds to it: how far a group moves its prompt changes while the policy learns
PUSHES, DRIFTS = (0.0, 20.0), (-0.5, 0.5)
FLATTEST, MOST = 0.02, 3.0  # where the linearisation holds: variance of a verdict, logits by which it may be off
REACH = 20.0  # logits


@dataclass(frozen=True, slots=True)
class Moves:
    """Holds push and drift, and their covariance.

    Attributes:
        push: logits by which training on an evenly mixed group moves its prompt up.
        drift: logits by which an update moves every prompt that was asked before.
        push_variance, both, drift_variance: their covariance.
    """

    push: float = 0.0
    drift: float = 0.0
    push_variance: float = FIRST[0]
    both: float = 0.0
    drift_variance: float = FIRST[1]

    def of(self, pushed: NDArray[np.float64], aged: NDArray[np.float64]) -> NDArray[np.float64]:
        """Computes how far each prompt has moved since it showed what is remembered of it."""
        return np.asarray(np.clip(self.push * pushed + self.drift * aged, -REACH, REACH))

    def learned(
        self,
        now: Posterior,
        where: NDArray[np.int64],
        passed: NDArray[np.float64],
        asked: NDArray[np.float64],
        pushed: NDArray[np.float64],
        aged: NDArray[np.float64],
    ) -> Moves:
        """Corrects both by what prompts show that were asked before.

        Args:
            now: what was expected of all prompts.
            where: numbers of the prompts that are asked again.
            passed: accepted rollouts of each.
            asked: scored rollouts of each.
            pushed: 4 s/n (1 - s/n) of their groups since.
            aged: updates since.
        """
        if not where.size:
            return self
        table = np.stack([pushed, aged], axis=1)
        slope = np.maximum(now.mixed[where], FLATTEST)
        off = np.clip((passed / asked - now.rate[where]) / slope, -MOST, MOST)
        noise = 1 / (asked * slope) + now.variance[where]
        before = np.array([[self.push_variance, self.both], [self.both, self.drift_variance]]) + np.diag(WANDER)
        precision = np.linalg.inv(before) + table.T @ (table / noise[:, None])
        after = np.linalg.inv(precision)
        step = after @ (table.T @ (off / noise))
        return Moves(
            float(np.clip(self.push + step[0], *PUSHES)),
            float(np.clip(self.drift + step[1], *DRIFTS)),
            float(after[0, 0]),
            float(after[0, 1]),
            float(after[1, 1]),
        )

    def to_json(self) -> dict[str, Any]:
        """Returns it as plain data."""
        return asdict(self)
