"""Fields of prompts as the table that `allocation.shared` follows while the policy learns: some hundreds of columns.

Numbers and counts of the text's surface are standardised (0 where missing), levels are columns of 0 and 1, embeddings
are standardised. Each kind may move a logit by as much as any other, whatever its number of columns: the prior variance
of a weight is shared out among them. Words have too many columns for it; they are for `prediction.stack`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.remedies.prediction.encode import Encoder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.remedies.prediction.encode import Raw

NUMBERS, LEVELS = 9.0, 4.0  # variance of logits that numbers, and that the levels of a field, may explain
MOST, CELLS = 400, 40_000_000  # columns, and numbers in all
FAR = 4.0  # standard deviations


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
    return np.concatenate(blocks, axis=1), np.concatenate(start)
