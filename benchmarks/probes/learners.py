"""Learners of verdicts: an MLP on hashed n-grams, a convolution, a recurrence, a transformer of one layer.

Each gives one score per text, and is trained either to tell accepted from rejected texts, or to score the accepted
text of a pair above the rejected one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from benchmarks.cure.networks import WIDTH, Convolution, Perceptron, Recurrence
from benchmarks.cure.texts import LONGEST, PAD, VOCABULARY
from torch import nn

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEPS, BATCH = 320, 32
RATE = 4e-3
LOOKS = 16  # effects are measured every so many steps
PASSED = 0.15  # effect from which a feature counts as learned


class Transformer(nn.Module):
    """Lets every token look at every other, once, in four heads."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(LONGEST, WIDTH)
        self.ask, self.show = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.one, self.two, self.end = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.up, self.down, self.rest = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(3 * WIDTH, WIDTH), nn.Linear(WIDTH, 1)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Returns one score per text."""
        there = tokens != PAD
        x = self.tokens(tokens) + self.places(torch.arange(LONGEST))
        asked = self.ask(self.one(x)).view(-1, LONGEST, 3, 4, WIDTH // 4).permute(2, 0, 3, 1, 4)
        seen = nn.functional.scaled_dot_product_attention(
            asked[0], asked[1], asked[2], attn_mask=there[:, None, None, :]
        )
        x = x + self.show(seen.transpose(1, 2).reshape(-1, LONGEST, WIDTH))
        x = x + self.down(torch.relu(self.up(self.two(x))))
        mean = (self.end(x) * there[..., None]).sum(dim=1) / there.sum(dim=1, keepdim=True)
        scores: torch.Tensor = self.rest(mean)[:, 0]
        return scores


LEARNERS: dict[str, Any] = {
    "ngram": Perceptron,
    "cnn": Convolution,
    "gru": Recurrence,
    "transformer": Transformer,
}


def trained(
    family: str,
    accepted: NDArray[np.int64],
    rejected: NDArray[np.int64],
    cells: NDArray[np.int64],
    seed: int,
    *,
    pairwise: bool,
) -> list[tuple[float, float]]:
    """Trains a learner by 320 steps of Adam on 32 pairs; returns its effects (intended, spurious) at every look.

    Args:
        family: which learner.
        accepted: tokens of accepted texts.
        rejected: tokens of the other text of each pair.
        cells: texts of the counterfactual test, shape (2, 2, texts, tokens): intended, spurious feature.
        seed: start and order.
        pairwise: trains on log P(accepted scores higher), else on whether each text was accepted.
    """
    torch.manual_seed(seed)
    model = LEARNERS[family]()
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE)
    rng = np.random.default_rng(seed)
    order = np.concatenate([rng.permutation(len(accepted)) for _ in range(-(-STEPS * BATCH // len(accepted)))])
    one, other = torch.from_numpy(accepted), torch.from_numpy(rejected)
    found = []
    for step in range(1, STEPS + 1):
        at = order[(step - 1) * BATCH : step * BATCH]
        high, low = model(torch.cat([one[at], other[at]])).chunk(2)
        softplus = nn.functional.softplus
        loss = softplus(low - high).mean() if pairwise else (softplus(-high) + softplus(low)).mean() / 2
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        if step % LOOKS == 0:
            found.append(effects(model, cells, pairwise=pairwise))
    return found


def effects(model: Any, cells: NDArray[np.int64], *, pairwise: bool) -> tuple[float, float]:
    """Returns how much the learner's verdict changes when only the intended, and when only the spurious feature flips.

    Of a classifier the change of P(accepted); of a learner of pairs 2 P(the text with it scores higher) - 1.
    """
    with torch.no_grad():
        score = model(torch.from_numpy(cells.reshape(-1, LONGEST))).numpy().reshape(cells.shape[:3]).astype(np.float64)
    if not pairwise:
        p = (1 / (1 + np.exp(-score))).mean(axis=2)
        return float((p[1] - p[0]).mean()), float((p[:, 1] - p[:, 0]).mean())
    one = [_above(score[1, k], score[0, k]) for k in (0, 1)]
    other = [_above(score[k, 1], score[k, 0]) for k in (0, 1)]
    return float(np.mean(one)), float(np.mean(other))


def _above(high: NDArray[np.float64], low: NDArray[np.float64]) -> float:
    """Returns 2 E σ(high - low) - 1 over all pairs of the texts of two cells."""
    return float((2 / (1 + np.exp(-(high[:, None] - low[None, :]))) - 1).mean())


def first_passed(looks: list[tuple[float, float]]) -> int | None:
    """Tells which effect passes .15 first: 0 the intended one, 1 the spurious one; None where neither does."""
    for intended, spurious in looks:
        if max(intended, spurious) >= PASSED:
            return int(spurious > intended)
    return None
