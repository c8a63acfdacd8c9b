"""Bits that a verdict shares with the answer classes of its own prompt, above those that moved verdicts would show.

Counted in a small group, any verdict shares bits with the classes: eight rollouts in four classes show about .3 bit
from nothing. Verdicts that come from another prompt fall on this group's rollouts at random; what they show on average,
given how many there are of each level, has a closed form and is taken off. What is left is about this prompt's
rollouts. Its mean is exactly zero for a signal that is random inside prompts, whatever its rate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.entropy import UNIT
from freshbits.information.resampling import mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.results import Estimate


def bits_beyond_moved(
    level: NDArray[np.int64],
    answer_class: NDArray[np.uint64],
    group: NDArray[np.uint64],
    prompt: NDArray[np.uint64],
) -> Estimate | None:
    """Estimates the shared bits of verdict level and answer class inside groups, less what moved verdicts show.

    Mean over groups of Σ_cl (E[-K log2(K/n_c)] + k_cl log2(k_cl/n_c)) / n, K hypergeometric (n, a_l, n_c): plug-in
    I(class; level) of the group less its expectation with the levels in random order, bits per rollout; 95 %,
    jackknife over prompts. Groups of one rollout are left out. It is below I(class; S|Q), because chance shows less
    where something is to be seen, the more so the smaller the groups: it ranks signals on the same groups, and is no
    measure of size.

    It does not know what is right: a vote of the model's own answers, or a habit tied to the answer, scores as high
    as truth. A signal that looks at anything but the answer scores zero.

    Args:
        level: level of the verdict, 0, 1, …
        answer_class: answer class of the row.
        group: group of the row.
        prompt: prompt key of the row.

    Returns:
        None where no group has two rollouts.

    References: Vinh, Epps & Bailey, JMLR 11 (2010) 2837 (mutual information adjusted for chance).

    >>> g = np.repeat(np.arange(20), 4).astype(np.uint64); answer = np.tile([1, 1, 2, 2], 20).astype(np.uint64)
    >>> round(bits_beyond_moved((answer == 1) * 1, answer, g, g).value, 4)  # 1 bit less the mean over 6 orders, 1/3
    0.6667
    """
    keys, first, place, size = np.unique(group, return_index=True, return_inverse=True, return_counts=True)
    if not (size >= 2).any():
        return None
    levels = int(level.max()) + 1
    cell, of_row = np.unique(np.stack([place, answer_class], axis=1).astype(np.uint64), axis=0, return_inverse=True)
    of_row = of_row.ravel()
    owner = cell[:, 0].astype(np.int64)
    seen = np.bincount(of_row * levels + level, minlength=cell.shape[0] * levels).reshape(-1, levels)
    have = np.bincount(place * levels + level, minlength=keys.size * levels).reshape(-1, levels)
    in_cell = seen.sum(axis=1)
    excess = _expected(size[owner], have[owner], in_cell) - _unsure(seen, in_cell[:, None])
    each = np.bincount(owner, weights=excess.sum(axis=1), minlength=keys.size) / size
    several = size >= 2
    return mean(
        each[several],
        prompt[first][several],
        unit=UNIT,
        method="counted inside groups less what moved verdicts show, jackknife over prompts",
        rollouts=int(size[several].sum()),
        bounds=(-1.0, float(np.log2(max(levels, 2)))),
    )


def _unsure(count: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    """Returns -k log2(k / n), zero for k = 0."""
    share = np.where(count > 0, count, whole) / whole
    return np.asarray(-count * np.log2(share), dtype=np.float64)


def _expected(size: NDArray[np.int64], have: NDArray[np.int64], in_cell: NDArray[np.int64]) -> NDArray[np.float64]:
    """Returns E[-K log2(K / n_c)] for every cell and level; equal counts are worked out once."""
    from scipy.stats import hypergeom

    shape = have.shape
    table = np.stack([np.broadcast_to(size[:, None], shape), have, np.broadcast_to(in_cell[:, None], shape)], axis=-1)
    kinds, position = np.unique(table.reshape(-1, 3), axis=0, return_inverse=True)
    count = np.arange(int(in_cell.max()) + 1)[None, :]
    whole, marked, drawn = (column[:, None] for column in kinds.T)
    chance = np.nan_to_num(hypergeom.pmf(count, whole, marked, drawn))
    value = (chance * _unsure(np.minimum(count, drawn), drawn)).sum(axis=1)
    found: NDArray[np.float64] = value[position.ravel()].reshape(shape)
    return found
