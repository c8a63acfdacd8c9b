"""One online pass of small networks: predict which text is higher, then learn from it, once per pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.probes.networks import attention, convolution, recurrence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from freshbits.probes.targets import Target
    from freshbits.probes.tokens import Tokens

NETWORKS = {"cnn": convolution, "gru": recurrence, "transformer": attention}
BATCH = 16
RATE = 0.01
SIDE_BY_SIDE = 8  # networks trained at once: more would not fit the processor's cache


def network_margins(
    family: str, first: Tokens, second: Tokens, asked: Sequence[Target], seed: int = 0
) -> list[NDArray[np.float64]]:
    """Returns for each target the margins f(higher) - f(lower) before each update, in the order met.

    Adam (rate .01) in batches of 16 pairs that differ in the target, loss log(1 + exp(-margin)) by weight, one pass.
    On one thread, from the seed alone: the same bytes for the same input on one machine.

    Args:
        family: "cnn", "gru" or "transformer".
        first: accepted texts as tokens.
        second: rejected texts as tokens.
        asked: the targets.
        seed: start of the weights.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            found = []
            for start in range(0, len(asked), SIDE_BY_SIDE):
                found += _together(family, first, second, asked[start : start + SIDE_BY_SIDE], seed)
            return found
    finally:
        torch.set_num_threads(threads)


def _together(
    family: str, first: Tokens, second: Tokens, asked: Sequence[Target], seed: int
) -> list[NDArray[np.float64]]:
    import torch

    torch.manual_seed(seed)
    longest = max(first.table.shape[1], second.table.shape[1])
    parameters, score = NETWORKS[family](len(asked), max(first.size, second.size), longest)
    optimiser = torch.optim.Adam(parameters, lr=RATE)
    steps = -(-max(each.place.size for each in asked) // BATCH)
    higher = np.zeros((len(asked), steps * BATCH, longest), dtype=np.int64)
    lower = np.zeros_like(higher)
    weight = np.zeros((len(asked), steps * BATCH), dtype=np.float32)
    for k, each in enumerate(asked):
        size, turned = each.place.size, (each.sign < 0)[:, None]
        a, b = _wide(first.table[each.place], longest), _wide(second.table[each.place], longest)
        higher[k, :size], lower[k, :size] = np.where(turned, b, a), np.where(turned, a, b)
        weight[k, :size] = each.weight
    margins = np.zeros(weight.shape)
    for step in range(steps):
        at = slice(step * BATCH, (step + 1) * BATCH)
        both = np.concatenate([higher[:, at], lower[:, at]], axis=1)
        both = both[:, :, : max(int((both != 0).any(axis=(0, 1)).sum()), 1)]
        scores = score(torch.from_numpy(np.ascontiguousarray(both)))
        margin = scores[:, :BATCH] - scores[:, BATCH:]
        margins[:, at] = margin.detach().numpy()
        loss = (torch.nn.functional.softplus(-margin) * torch.from_numpy(weight[:, at])).sum() / BATCH
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
    return [margins[k, : each.place.size] for k, each in enumerate(asked)]


def _wide(table: NDArray[np.int64], longest: int) -> NDArray[np.int64]:
    return np.pad(table, ((0, 0), (0, longest - table.shape[1])))
