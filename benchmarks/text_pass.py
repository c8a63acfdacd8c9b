"""Measures the text pass against the bare decoding of the same columns, in CPU seconds of one process.

    python benchmarks/text_pass.py --rows 200000

The log is synthetic: 8 completions per prompt, about 750 bytes of Markdown-like prose each, prompts of about
300 bytes, written as zstd Parquet. "Decoding" reads the columns that the pass needs and touches every string;
the pass is `compact` on the same batches. Seconds differ between machines, their ratio hardly does.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.outputs.answers import choose, classes
from freshbits.outputs.compact import compact, needed
from freshbits.outputs.features.core import CORE
from freshbits.outputs.features.feature import measure
from freshbits.outputs.keys import prompt_keys, text_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SAMPLES = 8
BATCH = 25_000
WORDS = 20_000

_LEADS = ("", "", "", "- ", "* ", "## ", "**Step** ", "1. ", "  - ", "So ", "I think ")


def words(rng: np.random.Generator) -> list[str]:
    """Draws a vocabulary with the word lengths of English."""
    letters = np.array(list("etaoinshrdlucmfwypvbgkjqxz"))
    weights = 1 / np.arange(3, 29)
    lengths = rng.choice(np.arange(1, 12), WORDS, p=np.array([3, 17, 21, 16, 11, 9, 8, 6, 4, 3, 2]) / 100)
    drawn = rng.choice(letters, int(lengths.sum()), p=weights / weights.sum())
    ends = np.cumsum(lengths)
    return ["".join(drawn[end - length : end]) for end, length in zip(ends, lengths, strict=True)]


def prose(rng: np.random.Generator, vocabulary: list[str], texts: int, size: int) -> list[str]:
    """Writes `texts` pieces of Markdown-like prose of about `size` words, with Zipf frequencies."""
    weights = 1 / np.arange(1, WORDS + 1)
    lengths = rng.integers(size // 2, size * 3 // 2, texts)
    chosen = rng.choice(WORDS, int(lengths.sum()), p=weights / weights.sum())
    breaks = rng.random(len(chosen))
    pieces = [
        f"{vocabulary[word]}.\n{_LEADS[word % len(_LEADS)]}" if chance < 0.04
        else f"{word} " if chance < 0.08
        else f"{vocabulary[word]}, " if chance < 0.14
        else f"{vocabulary[word]} "
        for word, chance in zip(chosen.tolist(), breaks.tolist(), strict=True)
    ]  # fmt: skip
    ends = np.cumsum(lengths).tolist()
    return ["".join(pieces[end - length : end]) for end, length in zip(ends, lengths.tolist(), strict=True)]


def write_log(folder: Path, rows: int, seed: int) -> list[Path]:
    """Writes the synthetic log, one file per `BATCH` rows."""
    rng = np.random.default_rng(seed)
    vocabulary = words(rng)
    files = []
    for part, start in enumerate(range(0, rows, BATCH)):
        height = min(BATCH, rows - start)
        prompts = prose(rng, vocabulary, -(-height // SAMPLES), 56)
        answers = rng.integers(0, 50, height)
        right = rng.random(height) < 0.4
        bodies = prose(rng, vocabulary, height, 136)
        frame = pl.DataFrame(
            {
                "step": np.full(height, part),
                "prompt": [prompts[row // SAMPLES] for row in range(height)],
                "completion": [
                    f"{body}\n\nThe final answer is \\boxed{{{answer}}}."
                    for body, answer in zip(bodies, answers.tolist(), strict=True)
                ],
                "tokens": rng.integers(100, 300, height),
                "truncated": rng.random(height) < 0.02,
                "signal.accuracy": right.astype(float),
                "signal.format": rng.random(height),
            }
        )
        files.append(folder / f"part-{part:03}.parquet")
        frame.write_parquet(files[-1], compression="zstd")
    return files


def batches(files: list[Path]) -> Iterator[pl.DataFrame]:
    for file in files:
        columns = needed(pl.read_parquet_schema(file))
        yield pl.read_parquet(file, columns=columns)


def touch(batch: pl.DataFrame) -> None:
    """Reads every value: the length of each string, the sum of each number."""
    text = [pl.col(name).str.len_bytes().sum() for name in ("prompt", "completion")]
    batch.select(*text, pl.exclude("prompt", "completion").sum())


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Returns the least CPU time of `work` over repeats: other processes can only add to it."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    """Prints the ratio and where the time goes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--fail-above", type=float, default=None, help="exit 1 where the ratio is larger")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = write_log(Path(folder), options.rows, options.seed)
        first = next(batches(files))
        partition = choose(first)
        sizes = first.select(pl.col("prompt", "completion").str.len_bytes().mean()).row(0)
        print(f"{options.rows:,} rows, prompts of {sizes[0]:.0f} and completions of {sizes[1]:.0f} bytes")

        def each(work: Callable[[pl.DataFrame], object]) -> Callable[[], None]:
            def run() -> None:
                for batch in batches(files):
                    work(batch)

            return run

        def text_pass(batch: pl.DataFrame) -> None:
            touch(batch)
            compact(batch, partition)

        floor = seconds(each(touch), options.repeats)
        whole = seconds(each(text_pass), options.repeats)
        print(f"decoding {floor:.2f} s, decoding and text pass {whole:.2f} s: ratio {whole / floor:.1f}")
        print(f"classes: {partition.name}")
        scale = options.rows / first.height
        parts: dict[str, Callable[[], object]] = {
            "answer classes": lambda: classes(first, partition),
            "text keys": lambda: text_keys(first["completion"]),
            "prompt keys": lambda: prompt_keys(first["prompt"]),
            "twelve features": lambda: measure(first["completion"], CORE),
        }
        for feature in CORE:
            parts[f"  {feature.name} alone"] = partial(measure, first["completion"], (feature,))
        for name, work in parts.items():
            print(f"{name:24} {seconds(work, options.repeats) * scale:6.2f} s")
        if options.fail_above is not None and whole / floor > options.fail_above:
            raise SystemExit(1)


if __name__ == "__main__":
    main()
