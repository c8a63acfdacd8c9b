"""What a model writes: completions drawn at a temperature, with their log-probabilities and tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from freshbits.loop.model.likelihood import logprobs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freshbits.loop.model.model import Model

BATCH = 512  # completions drawn at once


@dataclass(frozen=True, slots=True)
class Drawn:
    """Holds one completion.

    Attributes:
        text: the text, without the token that ends it.
        tokens: its token ids, the end included where it was reached.
        logprob: ln P(completion | prompt) in nats at temperature 1, whatever temperature it was drawn at.
        truncated: whether it was cut before its end.
    """

    text: str
    tokens: tuple[int, ...]
    logprob: float
    truncated: bool


class Generator(Protocol):
    """Describes what writes completions."""

    def generate(self, prompts: Sequence[str], temperature: float, seed: int) -> list[Drawn]:
        """Draws one completion per prompt, in order; the same seed draws the same."""
        ...


@dataclass(frozen=True)
class Local:
    """Draws by `transformers`, from the network of a loop in this process: pure sampling, no top-k, no top-p.

    Attributes:
        model: the model.
        most: tokens of a completion at most.
    """

    model: Model
    most: int

    def generate(self, prompts: Sequence[str], temperature: float, seed: int) -> list[Drawn]:
        """Draws one completion per prompt, in order; the same seed draws the same on the same machine."""
        asked = [self.model.encode_prompt(prompt) for prompt in prompts]
        written = self.continued(asked, temperature, seed)
        found = logprobs(self.model.network, self.model.pad, asked, written)
        texts = self.model.tokenizer.batch_decode(written, skip_special_tokens=True)
        return [
            Drawn(text, tuple(ids), value, ids[-1] != self.model.end)
            for text, ids, value in zip(texts, written, found, strict=True)
        ]

    def continued(self, asked: Sequence[list[int]], temperature: float, seed: int) -> list[list[int]]:
        """Draws what follows each row of tokens, its end included where it is reached: one turn of a conversation."""
        import torch

        torch.manual_seed(seed)
        self.model.network.eval()
        written: list[list[int]] = []
        for start in range(0, len(asked), BATCH):
            written += self._batch(asked[start : start + BATCH], temperature)
        return written

    def _batch(self, asked: Sequence[list[int]], temperature: float) -> list[list[int]]:
        import torch

        pad, end, device = self.model.pad, self.model.end, self.model.network.device
        longest = max(map(len, asked))
        ids = torch.tensor([[pad] * (longest - len(row)) + row for row in asked], device=device)
        mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in asked], device=device)
        with torch.inference_mode():
            out = self.model.network.generate(
                input_ids=ids,
                attention_mask=mask,
                do_sample=True,
                temperature=temperature,
                top_k=0,
                top_p=1.0,
                max_new_tokens=self.most,
                pad_token_id=pad,
                eos_token_id=end,
            )
        rows: list[list[int]] = out[:, longest:].tolist()
        return [row[: row.index(end) + 1] if end in row else row for row in rows]
