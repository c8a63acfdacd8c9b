"""Small networks that are trained on verdicts: a perceptron on hashed n-grams, a convolution, a recurrence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from benchmarks.cure.texts import LONGEST, PAD, VOCABULARY
from torch import nn

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEPS, BATCH, RATE, WIDTH, BUCKETS = 320, 32, 6e-3, 48, 2048


class Perceptron(nn.Module):
    """Sees which n-grams a text holds, hashed, and its length."""

    def __init__(self) -> None:
        super().__init__()
        self.bag = nn.EmbeddingBag(BUCKETS, WIDTH, mode="sum", padding_idx=0)
        self.rest = nn.Sequential(nn.ReLU(), nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 1))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Returns one logit per text."""
        pairs = (tokens[:, 1:] + VOCABULARY * (tokens[:, :-1] + 1)) % (BUCKETS - VOCABULARY) + VOCABULARY
        pairs = torch.where(tokens[:, 1:] == PAD, torch.zeros_like(pairs), pairs)
        logits: torch.Tensor = self.rest(self.bag(torch.cat([tokens, pairs], dim=1)))[:, 0]
        return logits


class Convolution(nn.Module):
    """Sees windows of three tokens, the strongest of each kind."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(LONGEST, WIDTH)
        self.look, self.rest = nn.Conv1d(WIDTH, 2 * WIDTH, 3, padding=1), nn.Linear(4 * WIDTH, 1)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Returns one logit per text."""
        seen = self.tokens(tokens) + self.places(torch.arange(LONGEST))
        found = torch.relu(self.look(seen.transpose(1, 2)))
        logits: torch.Tensor = self.rest(torch.cat([found.amax(dim=2), found.mean(dim=2)], dim=1))[:, 0]
        return logits


class Recurrence(nn.Module):
    """Reads a text token by token."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = nn.Embedding(VOCABULARY, WIDTH)
        self.read, self.rest = nn.GRU(WIDTH, 2 * WIDTH, batch_first=True), nn.Linear(4 * WIDTH, 1)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Returns one logit per text."""
        found, _ = self.read(self.tokens(tokens))
        last = (tokens != PAD).sum(dim=1) - 1
        end = found[torch.arange(tokens.shape[0]), last]
        logits: torch.Tensor = self.rest(torch.cat([end, found.amax(dim=1)], dim=1))[:, 0]
        return logits


LEARNERS: tuple[Any, ...] = (Perceptron, Convolution, Recurrence)


def trained(learner: Any, tokens: NDArray[np.int64], verdict: NDArray[np.float64], seed: int) -> Any:
    """Returns a learner of this kind after 320 steps of Adam on batches of 32, passes over the rows in random order."""
    torch.manual_seed(seed)
    model = learner()
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
