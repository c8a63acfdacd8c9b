"""Measures a C kernel for the twelve features against the path that is shipped: is a compiled extension worth it?

    python -m benchmarks.native          (needs a C compiler as `cc`; about 30 CPU seconds)

The kernel must give the same numbers on random bytes (nulls, slices, broken lines, several scripts) before it is timed.
CPU seconds are the least of five runs. What it would save of a whole audit is what decides; the rule was set before it
was measured: shipped if the audit as a whole became 1.5 times as fast.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from benchmarks.text_pass import seconds, write_log

from freshbits.outputs.features import core
from freshbits.outputs.features.feature import measure
from freshbits.outputs.keys import text_keys

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS = 100_000
PIECES = (*tuple("ab I9_ \n\t-*#`?.!。é😀'$\\<|+"), "```", "**", "- ", "\n  * ", "## ", " I ", "-1", "。")


def main() -> None:
    """Compiles, compares, times, and writes results/native.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "results" / "native.json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = compiled(Path(folder))
        compared = compare(run)
        [file] = write_log(Path(folder), 25_000, seed=0)
        texts = pl.read_parquet(file)["completion"]
        scale = ROWS / len(texts)
        shipped = seconds(lambda: measure(texts, core.CORE), 5) * scale
        native = seconds(lambda: run(texts), 5) * scale
        keys = seconds(lambda: text_keys(texts), 5) * scale
        rows = pl.read_parquet(file).rename({"signal.accuracy": "accuracy", "signal.format": "format"})
        log = Path(folder) / "log.parquet"
        pl.concat([rows.with_columns(pl.lit(step).alias("step")) for step in range(4)]).write_parquet(log)
        command = [sys.executable, "-m", "benchmarks.scale", "--child", "audit", str(log)]
        audits = [json.loads(subprocess.run(command, check=True, capture_output=True).stdout) for _ in range(2)]
    audit = min(audits, key=lambda each: float(each["cpu_s"]))
    saved = shipped - native
    figures = {
        "rows": ROWS,
        "texts_compared": compared,
        "features_numpy_s": round(shipped, 3),
        "features_c_s": round(native, 3),
        "text_keys_s": round(keys, 3),
        "audit_s": audit["cpu_s"],
        "reading_and_counting_s": audit["gather_s"],
        "audit_times_as_fast": round(audit["cpu_s"] / (audit["cpu_s"] - saved), 3),
        "reading_and_counting_times_as_fast": round(audit["gather_s"] / (audit["gather_s"] - saved), 3),
        "shipped": audit["cpu_s"] / (audit["cpu_s"] - saved) >= 1.5,
    }
    text = json.dumps(figures, indent=2) + "\n"
    options.out.write_text(text)
    print(text)


def compiled(folder: Path) -> Callable[[pl.Series], list[np.ndarray[Any, Any]]]:
    """Returns the kernel as a function of a text column: ten counts, the flag and the category."""
    library = folder / "kernel.so"
    source = Path(__file__).with_name("kernel.c")
    subprocess.run(["cc", "-O3", "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    kernel = ctypes.CDLL(str(library))
    pointer = ctypes.c_void_p
    tables = [np.ascontiguousarray(table).view(np.uint8) for table in (core._WORD, core._CLEAN, core._FIRST)]
    kernel.init(*(table.ctypes.data_as(pointer) for table in tables))

    def run(texts: pl.Series) -> list[np.ndarray[Any, Any]]:
        array = texts.fill_null("").to_arrow(compat_level=pl.CompatLevel.oldest())  # one block and 64-bit offsets
        _, offsets, data = array.buffers()
        rows = len(array)
        upto = np.frombuffer(offsets, np.int64)[array.offset : array.offset + rows + 1]
        counts, flag, token = np.empty((10, rows), np.int32), np.empty(rows, np.uint8), np.empty(rows, np.uint8)
        kernel.features(
            pointer(0 if data is None else data.address), upto.ctypes.data_as(pointer), ctypes.c_int64(rows),
            counts.ctypes.data_as(pointer), flag.ctypes.data_as(pointer), token.ctypes.data_as(pointer),
        )  # fmt: skip
        return [*counts, flag, token]

    return run


def compare(run: Callable[[pl.Series], list[np.ndarray[Any, Any]]]) -> int:
    """Holds the kernel against the shipped path on random texts; the number of texts that agreed."""
    rng = np.random.default_rng(7)
    seen = 0
    for size in (0, 1, 3, 40, 400):
        for _ in range(40):
            drawn = rng.choice(len(PIECES), (size, int(rng.integers(0, 60))))
            texts = ["".join(PIECES[at] for at in row) if rng.random() > 0.05 else None for row in drawn]
            column = pl.Series("t", texts, dtype=pl.String)
            column = column.slice(int(rng.integers(0, size + 1)))
            ours = measure(column, core.CORE).fill_null(0) if len(column) else measure(column, core.CORE)
            known = column.is_not_null().to_numpy()
            for name, theirs in zip(ours.columns, run(column), strict=True):
                if not (ours[name].to_numpy()[known] == theirs[known]).all():
                    raise SystemExit(f"the kernel differs in {name}")
            seen += int(known.sum())
    return seen


if __name__ == "__main__":
    main()
