"""Log-probabilities of completions under a model, by a forward pass of its own: trainers keep none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

BATCH = 1024  # sequences per forward pass


def logprobs(
    model: Any,
    pad: int,
    prompts: Sequence[list[int]],
    completions: Sequence[list[int]],
    sampled: Sequence[Sequence[bool]] | None = None,
) -> list[float]:
    """Returns ln P(completion | prompt) in nats, summed over the tokens of the completion, at temperature 1.

    Args:
        model: a causal language model of transformers, left in evaluation mode.
        pad: the token that fills shorter sequences up.
        prompts: token ids of the prompts, one per completion.
        completions: token ids of the completions; an end-of-text token counts where it is there.
        sampled: which tokens of each completion the model wrote; the others are read, and do not count. None: all.
    """
    import torch

    model.eval()
    found: list[float] = []
    with torch.inference_mode():
        for start in range(0, len(prompts), BATCH):
            some = slice(start, start + BATCH)
            found += _batch(model, pad, prompts[some], completions[some], None if sampled is None else sampled[some])
    return found


def _batch(
    model: Any,
    pad: int,
    prompts: Sequence[list[int]],
    completions: Sequence[list[int]],
    sampled: Sequence[Sequence[bool]] | None,
) -> list[float]:
    """Pads on the right, so that positions count from the first token of every prompt."""
    import torch

    rows = [[*prompt, *completion] for prompt, completion in zip(prompts, completions, strict=True)]
    longest = max(map(len, rows))
    ids = torch.tensor([row + [pad] * (longest - len(row)) for row in rows], device=model.device)
    lengths = torch.tensor([len(row) for row in rows], device=model.device)
    begins = torch.tensor([len(prompt) for prompt in prompts], device=model.device)
    places = torch.arange(longest, device=model.device)
    inside = places < lengths[:, None]
    logits = model(input_ids=ids, attention_mask=inside.long(), use_cache=False).logits[:, :-1].float()
    each = logits.log_softmax(-1).gather(2, ids[:, 1:, None])[:, :, 0]
    counted = (inside & (places >= begins[:, None]))[:, 1:]
    if sampled is not None:
        asked = [[False] * len(prompt) + list(own) for prompt, own in zip(prompts, sampled, strict=True)]
        counted &= torch.tensor([row + [False] * (longest - len(row)) for row in asked], device=model.device)[:, 1:]
    return [float(value) for value in each.masked_fill(~counted, 0.0).double().sum(1)]
