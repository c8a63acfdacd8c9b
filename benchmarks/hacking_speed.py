"""Measures what judging shortcuts adds to an audit: CPU seconds with forty candidates and truth on 20,000 rows.

    python -m benchmarks.hacking_speed          (1 million rows, two rewards)

Every figure is taken in a process of its own: CPU seconds after the imports, peak memory of the whole process.

    count      one pass over the text with forty features (the core twelve and 28 of one's own), and all counts
    words      the second pass: 20,000 texts, their words and pairs of words
    hacking    the section itself, both rewards: the race, the split, the log's own alarm rate, examples
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl
from benchmarks.audit_speed import peak_mb, write
from benchmarks.truth_speed import label_rows, record

OWN = [f"letter_{letter}=count:{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"] + [
    "comma=contains:,",
    "sum=matches:[0-9]+ *[+*-] *[0-9]+",
]


def main() -> None:
    """Writes a log and its labels, measures the stages in a child process, prints and writes the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--labels", type=int, default=20_000)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "hacking_speed.json")
    parser.add_argument("--child", metavar="FOLDER", default=None, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        _child(Path(options.child))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "log", options.rows)
        label_rows(folder, options.labels)
        command = [sys.executable, "-m", "benchmarks.hacking_speed", "--child", str(folder)]
        result = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: dict[str, object] = json.loads(result.stdout)
    report = {"rows": options.rows, "labels": options.labels, "polars": pl.__version__, **figures}
    record(report, options.out)


def _child(folder: Path) -> None:
    from threadpoolctl import threadpool_limits

    import freshbits as fb
    from freshbits.auditing import gather
    from freshbits.criteria.hacking import hacking

    seconds: dict[str, float] = {}
    start = time.process_time()

    def took(stage: str) -> None:
        nonlocal start
        now = time.process_time()
        seconds[stage], start = round(now - start, 2), now

    options = fb.ReadOptions(labels=folder / "labels.parquet")
    log, evidence, _ = gather(folder / "log", options, texts=False, features=OWN)
    took("count, CPU s")
    log, evidence, _ = gather(folder / "log", options, features=OWN)
    took("count again with words, CPU s")
    with threadpool_limits(limits=1):
        found = {signal: hacking(evidence, signal) for signal in log.signals}
    took("hacking, CPU s")
    words = round(seconds["count again with words, CPU s"] - seconds["count, CPU s"], 2)
    looked = {signal: section.looked_at for signal, section in found.items()}
    names = len({candidate.name for section in found.values() for candidate in section.features})
    verdicts = {signal: section.verdict or section.code for signal, section in found.items()}
    added = round(words + seconds["hacking, CPU s"], 2)
    whole = round(seconds["count again with words, CPU s"] + seconds["hacking, CPU s"], 2)
    print(
        json.dumps(
            {
                **seconds,
                "words, CPU s": words,
                "words and hacking, CPU s (bar 60)": added,
                "with reading and counting, CPU s": whole,
                "peak_mb": peak_mb(),
                "candidates ranked": names,
                "columns looked at": looked,
                "verdicts": verdicts,
            }
        )
    )


if __name__ == "__main__":
    main()
