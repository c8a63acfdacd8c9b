"""Small networks that score texts: a convolution, a recurrence, one layer of attention; many side by side.

Every network here is k networks of one shape, one per target, with the same start, that never see each other:
parameters have a leading dimension k, and one product of batches serves them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freshbits.probes.tokens import PAD

if TYPE_CHECKING:
    from collections.abc import Callable

WIDTH = 24  # of an embedding
HIDDEN = 48
HEADS = 2


def convolution(count: int, size: int, longest: int) -> tuple[list[Any], Callable[[Any], Any]]:
    """Builds windows of three tokens with places, the strongest and the mean answer of each kind.

    Returns:
        parameters, and the function from tokens (k, texts, longest) to scores (k, texts).
    """
    import torch

    emb, place = _start(count, (size, WIDTH), 1.0), _start(count, (longest, WIDTH), 0.3)
    look, look_bias = _start(count, (3 * WIDTH, HIDDEN), (3 * WIDTH) ** -0.5), _start(count, (1, HIDDEN), 0.0)
    rest = _start(count, (2 * HIDDEN, 1), (2 * HIDDEN) ** -0.5)

    def score(table: Any) -> Any:
        x = _embedded(emb, table) + place[:, None, : table.shape[2]]
        there = (table != PAD)[..., None].to(x.dtype)
        x = x * there
        empty = torch.zeros_like(x[:, :, :1])
        before, after = torch.cat([empty, x[:, :, :-1]], dim=2), torch.cat([x[:, :, 1:], empty], dim=2)
        windows = torch.cat([before, x, after], dim=3).flatten(1, 2)
        found = torch.relu(torch.baddbmm(look_bias, windows, look)).view(*table.shape, HIDDEN) * there
        mean = found.sum(dim=2) / there.sum(dim=2).clamp(min=1.0)
        return torch.bmm(torch.cat([found.amax(dim=2), mean], dim=2), rest)[..., 0]

    return [emb, place, look, look_bias, rest], score


def recurrence(count: int, size: int, longest: int) -> tuple[list[Any], Callable[[Any], Any]]:
    """Builds a gated recurrence (GRU) that reads token by token: its last state and its strongest ones.

    Returns:
        parameters, and the function from tokens (k, texts, longest) to scores (k, texts).
    """
    import torch

    del longest
    hidden = HIDDEN // 2
    emb = _start(count, (size, WIDTH), 1.0)
    into, into_bias = _start(count, (WIDTH, 3 * hidden), hidden**-0.5), _start(count, (1, 3 * hidden), 0.0)
    over, over_bias = _start(count, (hidden, 3 * hidden), hidden**-0.5), _start(count, (1, 3 * hidden), 0.0)
    rest = _start(count, (2 * hidden, 1), (2 * hidden) ** -0.5)

    def score(table: Any) -> Any:
        read = torch.baddbmm(into_bias, _embedded(emb, table).flatten(1, 2), into).view(*table.shape, 3 * hidden)
        there = (table != PAD)[..., None]
        state = torch.zeros(*table.shape[:2], hidden)
        strongest = torch.full_like(state, -1.0)
        gates, news = (part.unbind(dim=2) for part in torch.split(read, [2 * hidden, hidden], dim=3))
        for gate, fresh, here in zip(gates, news, there.unbind(dim=2), strict=True):
            own_gate, own_new = torch.split(torch.baddbmm(over_bias, state, over), [2 * hidden, hidden], dim=2)
            reset, keep = torch.sigmoid(gate + own_gate).chunk(2, dim=2)
            new = torch.tanh(fresh + reset * own_new)
            state = torch.where(here, torch.lerp(new, state, keep), state)
            strongest = torch.maximum(strongest, state)
        return torch.bmm(torch.cat([state, strongest], dim=2), rest)[..., 0]

    return [emb, into, into_bias, over, over_bias, rest], score


def attention(count: int, size: int, longest: int) -> tuple[list[Any], Callable[[Any], Any]]:
    """Builds one transformer layer of two heads with learned places, its mean and strongest answers.

    Returns:
        parameters, and the function from tokens (k, texts, longest) to scores (k, texts).
    """
    import torch

    emb, place = _start(count, (size, WIDTH), 1.0), _start(count, (longest, WIDTH), 0.5)
    ask, show = _start(count, (WIDTH, 3 * WIDTH), WIDTH**-0.5), _start(count, (WIDTH, WIDTH), WIDTH**-0.5)
    up, up_bias = _start(count, (WIDTH, HIDDEN), WIDTH**-0.5), _start(count, (1, HIDDEN), 0.0)
    down = _start(count, (HIDDEN, WIDTH), HIDDEN**-0.5)
    rest = _start(count, (2 * WIDTH, 1), (2 * WIDTH) ** -0.5)

    def norm(x: Any) -> Any:
        return torch.nn.functional.layer_norm(x, (WIDTH,))

    def score(table: Any) -> Any:
        k, texts, length = table.shape
        there = table != PAD
        x = (_embedded(emb, table) + place[:, None, :length]).flatten(1, 2)
        asked = torch.bmm(norm(x), ask).view(k * texts, length, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        hidden = torch.where(there, 0.0, -1e9).view(k * texts, 1, 1, length)
        look = torch.softmax(asked[0] @ asked[1].transpose(2, 3) * (WIDTH // HEADS) ** -0.5 + hidden, dim=3)
        x = x + torch.bmm((look @ asked[2]).transpose(1, 2).reshape(k, texts * length, WIDTH), show)
        x = x + torch.bmm(torch.relu(torch.baddbmm(up_bias, norm(x), up)), down)
        found, mask = norm(x).view(k, texts, length, WIDTH), there[..., None]
        mean = (found * mask).sum(dim=2) / mask.sum(dim=2).clamp(min=1)
        strongest = torch.where(mask, found, torch.tensor(-5.0)).amax(dim=2)
        return torch.bmm(torch.cat([mean, strongest], dim=2), rest)[..., 0]

    return [emb, place, ask, show, up, up_bias, down, rest], score


def _start(count: int, shape: tuple[int, ...], spread: float) -> Any:
    """Returns one parameter, the same start for each of the k networks."""
    import torch

    return (torch.randn(1, *shape) * spread).repeat(count, *(1 for _ in shape)).requires_grad_()


def _embedded(emb: Any, table: Any) -> Any:
    import torch

    k, size, width = emb.shape
    offset = (torch.arange(k) * size).view(k, 1, 1)
    return torch.nn.functional.embedding(table + offset, emb.reshape(k * size, width))
