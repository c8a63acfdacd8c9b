"""Small networks trained on verdicts, and what they rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from benchmarks.cure.networks import Convolution, Perceptron, Recurrence
from benchmarks.cure.texts import LONGEST
from torch import nn

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEPS, BATCH, RATE, WIDTH = 320, 32, 6e-3, 48


LEARNERS: tuple[Any, ...] = (Perceptron, Convolution, Recurrence)


def trained(learner: Any, tokens: NDArray[np.int64], verdict: NDArray[np.float64], seed: int) -> Any:
    """Returns a learner of this kind after 320 steps of Adam on batches of 32, passes over the rows in random order."""
    torch.manual_seed(seed)
    model = learner(WIDTH)
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE)
    rows, labels = torch.from_numpy(tokens), torch.from_numpy(verdict).float()
    rng = np.random.default_rng(seed)
    order = np.concatenate([rng.permutation(len(tokens)) for _ in range(-(-STEPS * BATCH // len(tokens)))])
    for step in range(STEPS):
        at = order[step * BATCH : (step + 1) * BATCH]
        loss = nn.functional.binary_cross_entropy_with_logits(model(rows[at]), labels[at])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return model.eval()


def effects(model: Any, cells: NDArray[np.int64]) -> tuple[float, float]:
    """Returns how much P(accepted) changes when only the intended, and when only the spurious feature flips.

    Args:
        model: a learner.
        cells: tables of texts, shape (2, 2, texts, tokens): intended feature, spurious feature.
    """
    with torch.no_grad():
        p = torch.sigmoid(model(torch.from_numpy(cells.reshape(-1, LONGEST)))).numpy().reshape(cells.shape[:3]).mean(2)
    return float((p[1] - p[0]).mean()), float((p[:, 1] - p[:, 0]).mean())
