"""How fast verdicts go stale as the policy moves: the share that a round leaves, fitted where prompts return."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.remedies.prediction.betabinomial import log_likelihood, worth

if TYPE_CHECKING:
    from freshbits.remedies.prediction.history import History

SHARES = (0.0, 0.15, 0.3, 0.45, 0.6, 0.7, 0.8, 0.87, 0.93, 0.97, 1.0)
AGAIN = 50  # prompts that have to return
LATEST = 5  # blocks that are foretold


def fit_kept(history: History) -> float | None:
    """Fits the share of old verdicts that a round leaves: the one under which returning prompts are best foretold.

    Each of the last five blocks is foretold from those before it: the prompt's discounted verdicts on a prior at the
    rate of the block before. The discount under which the counts are most likely is returned.

    Returns:
        a share from 0 to 1; None where fewer than 50 prompts return, which says nothing about it.
    """
    if history.blocks < 2:
        return None
    gain = np.zeros(len(SHARES))
    again = 0
    for block in range(max(1, history.blocks - LATEST), history.blocks):
        here = history.block == block
        index, passed, asked = history.index[here], history.successes[here], history.rollouts[here]
        _, seen = history.weighed(1.0, until=block)
        back = seen[index] > 0
        again += int(back.sum())
        if not back.any():
            continue
        index, passed, asked = index[back], passed[back], asked[back]
        last = history.block == block - 1
        rate = float((history.successes[last].sum() + 0.5) / (history.rollouts[last].sum() + 1))
        count = int(last.sum())
        value = worth(np.full(count, rate), history.successes[last], history.rollouts[last]) or 2.0
        for at, share in enumerate(SHARES):
            old, told = (share * each[index] for each in history.weighed(share, until=block))
            a, b = value * rate + old, value * (1 - rate) + told - old
            gain[at] += float(log_likelihood(a, b, passed, asked).sum())
    return SHARES[int(np.argmax(gain))] if again >= AGAIN else None
