"""The table of the readers as a page."""

from __future__ import annotations

from typing import Any

HEAD = """# The readers against raw decoding

Made by `python -m benchmarks.readers`: logs of one known world in every format, read by `freshbits.read` and passed
over once, every column of every batch, against decoding the same bytes by what they are written in (Polars for Parquet
and Arrow, `json` line by line or whole, `csv`, Inspect's own reader). Ratio: CPU seconds of the reader over those of
the decoding, one run each, in processes of their own. Memory: what the process grew by over its imports, at a
quarter of these rows and at all of them. Right: the rows and the sum of the verdicts are those that were written.

| format | rows | MB | right | rows per CPU second | ratio | memory at a quarter, MB | at all, MB | decoding, MB |
|---|---:|---:|---|---:|---:|---:|---:|---:|
"""
TAIL = """
Documents that hold all rows in one JSON object or array are held in memory while they are read, by the decoder too:
their memory grows with the file. JSON lines, Parquet, Arrow shards, CSV and `.eval` logs are read a part at a time.
"""


def page(held: dict[str, dict[str, Any]]) -> str:
    """Returns the results as Markdown."""
    rows = [
        f"| {name} | {one['rows']:,} | {one['mb']:.0f} | {'yes' if one['right'] else '**no**'} | "
        f"{one['rows_per_s']:,} | {one['ratio']:.2f} | {one['grown_mb_at_quarter']:.0f} | {one['grown_mb']:.0f} | "
        f"{one['decode_grown_mb']:.0f} |"
        for name, one in held.items()
    ]
    return HEAD + "\n".join(rows) + "\n" + TAIL
