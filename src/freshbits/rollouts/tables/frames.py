"""Frames in memory as raw columns: Polars, pandas, Arrow tables and Hugging Face data sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from freshbits.errors import InputError
from freshbits.rollouts.convert import convert_series
from freshbits.rollouts.stream import CHUNK_ROWS, Chunk, Place, Plan, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freshbits.rollouts.problems import Problems


def lazy_frame(source: Any) -> pl.LazyFrame | None:
    """Returns a frame of any known library as a lazy Polars frame, or None where it is no frame."""
    if isinstance(source, pl.LazyFrame):
        return source
    if isinstance(source, pl.DataFrame):
        return source.lazy()
    if isinstance(source, dict) and all(hasattr(value, "to_polars") for value in source.values()) and source:
        raise InputError(
            f"a data set with {len(source)} splits cannot be read at once",
            mend=f"pass one, such as {next(iter(source))!r}",
        )
    if hasattr(source, "to_polars"):  # datasets.Dataset
        frame = source.to_polars()
        return frame.lazy() if isinstance(frame, pl.DataFrame) else frame
    if hasattr(source, "__arrow_c_stream__"):
        try:
            return pl.DataFrame(source).lazy()
        except ImportError:  # pandas asks pyarrow to export; without it, column by column
            pass
    if hasattr(source, "to_dict") and hasattr(source, "columns"):
        values = {str(name): list(source[name]) for name in source.columns}
        return pl.DataFrame(
            {name: [None if item != item else item for item in items] for name, items in values.items()},
            strict=False,
        ).lazy()
    return None


def open_frame(frame: pl.LazyFrame, problems: Problems) -> Table:
    """Returns a lazy frame as a table; rows are numbered from 1 under the name "the frame"."""
    columns = dict(frame.collect_schema())

    def read(plan: Plan) -> Iterator[Chunk]:
        before = 0
        needed = list(dict.fromkeys(want.column for want in plan.values()))
        for batch in frame.select(needed).collect_batches(chunk_size=CHUNK_ROWS, maintain_order=True):
            chunk = Chunk(batch, (Place(0, "the frame", before + 1),))
            series = [
                convert_series(batch[want.column], name, want, chunk.where, problems) for name, want in plan.items()
            ]
            before += batch.height
            if batch.height:
                yield chunk.with_rows(pl.DataFrame(series))

    return Table((), columns, read)
