"""Fields of prompts as the table that `allocation.shared` follows while the policy learns: some hundreds of columns.

Numbers and counts of the text's surface are standardised (0 where missing), levels are columns of 0 and 1, embeddings
are standardised. Each kind may move a logit by as much as any other, whatever its number of columns: the prior variance
of a weight is shared out among them. Of words there are the directions in which prompts differ most; all of them are
for `prediction.stack`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.remedies.prediction.encode import Encoder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.remedies.prediction.encode import Raw

NUMBERS, LEVELS, WORDS = 9.0, 4.0, 9.0  # variance of logits that numbers, a field's levels, and words may explain
DIRECTIONS, SAMPLE = 16, 5_000  # of words, and prompts that they are found in
SPARE, POWERS = 8, 4  # of the search for them
MOST, CELLS = 400, 40_000_000  # columns, and numbers in all
FAR = 4.0  # standard deviations
EVEN = 1e-9


def design(raw: Raw) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Builds the table of a pool.

    Returns:
        (one row per prompt, prior variance of each column's weight); columns that are the same everywhere are left out.

    >>> import polars as pl
    >>> from freshbits.remedies.prediction.encode import Raw
    >>> table, start = design(Raw.of(pl.DataFrame({"kind": ["a", "a", "b", "b"], "size": [1, 2, 3, 6]})))
    >>> table[:, 0].round(1).tolist(), table[:, 1:].tolist(), start.tolist()
    ([-1.1, -0.5, 0.0, 1.6], [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]], [9.0, 4.0, 4.0])
    """
    most = max(min(MOST, CELLS // max(raw.size, 1)), 1)
    encoder = Encoder.fit(raw)
    both = np.concatenate([raw.numbers, raw.vectors], axis=1)[:, :most]
    missing = np.isnan(both)
    width = both.shape[1]
    numbers = np.where(missing, 0.0, np.clip((both - encoder.centre[:width]) / encoder.spread[:width], -FAR, FAR))
    numbers = numbers[:, np.ptp(numbers, axis=0) > 0] if len(numbers) else numbers
    blocks, start = [numbers], [np.full(numbers.shape[1], NUMBERS / max(numbers.shape[1], 1))]
    left = most - numbers.shape[1]
    for name, levels in encoder.levels.items():
        values = raw.fields[name]
        kept = levels[: max(left, 0)]
        columns = (
            np.stack([(values == level).fill_null(value=False).to_numpy() for level in kept], axis=1) if kept else None
        )
        if columns is None or (len(kept) == 1 and columns.all()):
            continue
        blocks.append(columns.astype(np.float64))
        start.append(np.full(len(kept), LEVELS))
        left -= len(kept)
    words = _directions(raw, encoder)
    blocks.append(words)
    start.append(np.full(words.shape[1], WORDS / max(words.shape[1], 1)))
    return np.concatenate(blocks, axis=1), np.concatenate(start)


def _directions(raw: Raw, encoder: Encoder) -> NDArray[np.float64]:
    """Returns how far each prompt lies along the directions in which words differ most (singular vectors)."""
    from scipy.sparse import csr_array

    if raw.words is None or encoder.rarity is None:
        return np.zeros((raw.size, 0))
    weighted = raw.words.data * encoder.rarity[raw.words.indices]
    words = csr_array((weighted, raw.words.indices, raw.words.indptr), shape=raw.words.shape)
    rng = np.random.default_rng(0)
    some = words if raw.size <= SAMPLE else words[np.sort(rng.choice(raw.size, SAMPLE, replace=False))]
    count = min(DIRECTIONS, some.shape[0])
    # A randomised range finder (Halko, Martinsson and Tropp, SIAM Review 2011): it stands tables without any words.
    range_ = rng.standard_normal((some.shape[0], min(count + SPARE, some.shape[0])))
    for _ in range(POWERS):
        range_ = np.linalg.qr(some @ (some.T @ range_))[0]
    along = np.linalg.svd((some.T @ range_).T, full_matrices=False)[2][:count]
    found = np.asarray(words @ along.T, dtype=np.float64)
    found -= found.mean(axis=0)
    spread = found.std(axis=0)
    return np.asarray(found[:, spread > EVEN] / spread[spread > EVEN])
