"""Arrow streams as raw columns: the shards that Hugging Face `save_to_disk` writes, one at a time.

https://github.com/huggingface/datasets, `Dataset.save_to_disk`: `data-00000-of-00002.arrow` (the stream format, not the
file format) beside `state.json`, which names the shards; `cache-*.arrow` beside them are no part of the set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from freshbits.errors import InputError
from freshbits.rollouts.convert import convert_series
from freshbits.rollouts.kinds import DTYPE
from freshbits.rollouts.parts import Divisible, files_read
from freshbits.rollouts.stream import CHUNK_ROWS, Chunk, Place, Plan, Table
from freshbits.rollouts.tables.parquet import wider

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from freshbits.rollouts.problems import Problems


def arrow_columns(file: Path) -> dict[str, pl.DataType]:
    """Returns the columns of a shard, or says why it is none."""
    return dict(_shard(file, 0, None).schema)


def open_arrow(files: Sequence[Path], problems: Problems) -> Table:
    """Returns shards as one table (the union of their columns); a shard is held in memory while it is read."""
    columns: dict[str, pl.DataType] = {}
    for file in files:
        for name, dtype in arrow_columns(file).items():
            columns[name] = wider(columns.get(name, dtype), dtype, name, file)

    def read(plan: Plan) -> Iterator[Chunk]:
        for file in files_read(files):
            present = set(arrow_columns(file))
            needed = sorted({want.column for want in plan.values()} & present) or sorted(present)[:1]
            before = 0
            for batch in _shard(file, None, needed).iter_slices(CHUNK_ROWS):
                chunk = Chunk(batch, (Place(0, str(file), before + 1),))
                series = [
                    convert_series(batch[want.column], name, want, chunk.where, problems)
                    if want.column in present
                    else pl.Series(name, [None] * batch.height, dtype=DTYPE[want.kind])
                    for name, want in plan.items()
                ]
                before += batch.height
                if batch.height:
                    yield chunk.with_rows(pl.DataFrame(series))

    return Table(tuple(files), columns, read, divisible=Divisible(tuple(files)))


def _shard(file: Path, rows: int | None, columns: Sequence[str] | None) -> pl.DataFrame:
    try:
        return pl.read_ipc_stream(file, n_rows=rows, columns=None if columns is None else list(columns))
    except PermissionError:
        raise InputError("may not be read", file=file, mend="change its permissions") from None
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"cannot be read as an Arrow stream ({reason})", file=file,
            mend="it may be cut short; write it again with save_to_disk, or as Parquet",
        ) from None  # fmt: skip
