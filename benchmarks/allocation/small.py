"""The small language model, asked group by group: draws, is scored, and takes one step by GRPO or RFT per batch.

The network, its base and its tokens are those of the loops. The steps are written out here, since they go over groups
that a strategy has chosen, one update per batch: GRPO is the policy gradient with advantages divided by the group's
standard deviation, RFT the mean log-likelihood of accepted completions; AdamW goes on from step to step, gradients are
clipped at norm 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from benchmarks.allocation.mixed import Mixed
from benchmarks.allocation.worlds import EPS, Groups

from freshbits.loop.model.model import Model, load
from freshbits.loop.parts import Model as Declared

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray

LONGEST = 6  # tokens of a right completion, its end included


class Small:
    """Holds the model, its optimizer, its prompts, and what was spent."""

    def __init__(self, method: str, rate: float, seed: int) -> None:
        import torch

        torch.manual_seed(seed)
        self.method, self.seed, self.calls = method, seed, 0
        self.task = Mixed()
        self.model: Model = load(Declared(config="tiny"))
        self.network: Any = self.model.network
        self.network.eval()  # it has no dropout
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=rate, weight_decay=0.0)
        self.prompts = len(self.task.prompts)
        self.ids = torch.tensor([self.model.encode_prompt(prompt.text) for prompt in self.task.prompts])
        self.table = np.zeros((self.prompts, 0))
        self.past: tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]] | None = None
        self.generator = torch.Generator().manual_seed(seed)
        listed = [(at, self.task.answers(prompt)) for at, prompt in enumerate(self.task.prompts)]
        told = [(at, self.model.encode_completion(answer)) for at, answers in listed for answer in answers]
        self.asked = np.array([at for at, _ in told])
        self.told = torch.tensor([tokens for _, tokens in told])

    def fields(self) -> pl.DataFrame:
        """What can be read off prompts: their last digits and signs."""
        return self.task.features()

    def ask(self, index: NDArray[np.int64], n: int) -> Groups:
        """Writes n completions of each prompt and checks them."""
        import torch

        where = torch.as_tensor(np.repeat(index, n))
        rows = self.ids[where]
        ended = torch.zeros(len(rows), dtype=torch.bool)
        columns, read, held = [], rows, None
        with torch.inference_mode():
            for _ in range(LONGEST):
                out = self.network(input_ids=read, past_key_values=held, use_cache=True)
                drawn = torch.multinomial(out.logits[:, -1].float().softmax(-1), 1, generator=self.generator)
                read, held = torch.where(ended[:, None], self.model.pad, drawn), out.past_key_values
                columns.append(read)
                ended |= drawn[:, 0] == self.model.end
        written = torch.cat(columns, 1)
        texts = self.model.tokenizer.batch_decode(written, skip_special_tokens=True)
        prompts = [self.task.prompts[at] for at in np.repeat(index, n)]
        scores = [self.task.check(prompt, text) for prompt, text in zip(prompts, texts, strict=True)]
        self.calls += len(scores)
        shape = (len(index), n)
        return Groups(index, written.numpy().reshape(*shape, LONGEST), np.array(scores).reshape(shape))

    def step(self, groups: Sequence[Groups]) -> None:
        """Takes one step on a batch; a batch without anything to learn from takes none."""
        import torch

        weights = np.concatenate([self._weights(each.verdicts).ravel() for each in groups])
        used = weights != 0
        if not used.any():
            return
        where = np.concatenate([np.repeat(each.index, each.verdicts.shape[1]) for each in groups])[used]
        written = torch.as_tensor(np.concatenate([each.written.reshape(-1, LONGEST) for each in groups])[used])
        each = self._likelihood(torch.as_tensor(where), written)
        # GRPO divides by all rollouts of the batch, RFT by those that it trains on.
        count = len(weights) if self.method == "grpo" else int(used.sum())
        loss = -(torch.as_tensor(weights[used], dtype=torch.float32) * each).sum() / count
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()

    def accuracy(self) -> float:
        """Computes the mean pass rate of every second prompt that can be learned, exactly: its answers are listed."""
        some = np.isin(self.asked, np.unique(self.asked)[::2])
        return float(self._listed(some)[np.unique(self.asked[some])].mean())

    def _listed(self, some: NDArray[np.bool_]) -> NDArray[np.float64]:
        import torch

        with torch.inference_mode():
            each = self._likelihood(torch.as_tensor(self.asked[some]), self.told[torch.as_tensor(some)]).exp().numpy()
        return np.bincount(self.asked[some], each, minlength=self.prompts).astype(np.float64)

    def rates(self) -> NDArray[np.float64]:
        """Returns every prompt's pass rate: exact where right answers can be listed, 1 and 0 elsewhere."""
        found = self._listed(np.ones(len(self.asked), dtype=bool))
        solved = np.array([prompt.text[0] in "012" for prompt in self.task.prompts])
        return np.where(solved, 1.0, np.clip(found, 0.0, 1.0))

    def _weights(self, verdicts: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.method == "rft":
            return verdicts
        apart = verdicts - verdicts.mean(1, keepdims=True)
        return np.asarray(apart / (verdicts.std(1, ddof=1, keepdims=True) + EPS))

    def _likelihood(self, where: Any, written: Any) -> Any:
        """Computes ln P of each completion; what stands behind its end does not count."""
        import torch

        rows = torch.cat([self.ids[where], written], 1)
        before = self.ids.shape[1]
        logits = self.network(input_ids=rows, use_cache=False).logits[:, before - 1 : -1].float()
        each = logits.log_softmax(-1).gather(2, written[:, :, None])[:, :, 0]
        return (each * (written != self.model.pad)).sum(1)
