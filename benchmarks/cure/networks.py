"""Small networks that give one score per text: an MLP on hashed n-grams, a convolution, a recurrence."""

from __future__ import annotations

import torch
from benchmarks.cure.texts import LONGEST, PAD, VOCABULARY
from torch import nn

WIDTH, BUCKETS = 32, 2048


class Perceptron(nn.Module):
    """Sees which tokens and pairs of neighbours a text holds, hashed."""

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        self.bag = nn.EmbeddingBag(BUCKETS, width, mode="sum", padding_idx=0)
        self.rest = nn.Sequential(nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Returns one score per text."""
        pairs = (tokens[:, 1:] + VOCABULARY * (tokens[:, :-1] + 1)) % (BUCKETS - VOCABULARY) + VOCABULARY
        pairs = torch.where(tokens[:, 1:] == PAD, torch.zeros_like(pairs), pairs)
        scores: torch.Tensor = self.rest(self.bag(torch.cat([tokens, pairs], dim=1)))[:, 0]
        return scores


class Convolution(nn.Module):
    """Sees windows of three tokens with their places, the strongest and the mean of each kind."""

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(VOCABULARY, width), nn.Embedding(LONGEST, width)
        self.look, self.rest = nn.Conv1d(width, 2 * width, 3, padding=1), nn.Linear(4 * width, 1)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Returns one score per text."""
        seen = self.tokens(tokens) + self.places(torch.arange(LONGEST))
        found = torch.relu(self.look(seen.transpose(1, 2)))
        scores: torch.Tensor = self.rest(torch.cat([found.amax(dim=2), found.mean(dim=2)], dim=1))[:, 0]
        return scores


class Recurrence(nn.Module):
    """Reads a text token by token (GRU): its last state and its strongest ones."""

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        self.tokens = nn.Embedding(VOCABULARY, width)
        self.read, self.rest = nn.GRU(width, 2 * width, batch_first=True), nn.Linear(4 * width, 1)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Returns one score per text."""
        found, _ = self.read(self.tokens(tokens))
        last = (tokens != PAD).sum(dim=1) - 1
        end = found[torch.arange(tokens.shape[0]), last]
        scores: torch.Tensor = self.rest(torch.cat([end, found.amax(dim=1)], dim=1))[:, 0]
        return scores
