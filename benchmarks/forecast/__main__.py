"""Runs the studies named on the command line."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from benchmarks.forecast import closed, fits, fixed, learned, ngrams, online, projections, selected, shortcut, speed
from benchmarks.forecast.reading import table, write

RESULTS = Path(__file__).parents[1] / "results"
LAWS = (closed, selected, fixed, shortcut, online)
STUDIES = ("laws", "ngrams", "speed", "fits", "learned", "projections")
FITTED = 300  # loops with hidden parameters
LAWS_HEAD = """Laws of dynamics against simulated loops: relative error of the law, over cells (setting and round).

`inside` and `outside`: of the regime in the law's docstring; outside, where a law refuses, its formula is shown all
the same. `sampling error` is the median relative standard error of what the loops showed: errors of its size are
chance. `largest gap` is the largest absolute difference (times 100). A loop is one replica of up to 20 prompts that
share nothing; for fixation and onset it is one prompt."""
NGRAMS_HEAD = """N-gram models trained on their own samples for 20 generations: relative error of the laws by context.

No constant is fitted: the laws get each context's counts. Means over replicas; contexts seen at least 5 times per
generation, after 1, 3, 10 and 20 generations."""
SPEED_HEAD = (
    """Tabular loops, 1,000 replicas × 200 prompts × 32 answers × 50 rounds. Bars: 15 CPU s, 50 times plain Python."""
)


def main() -> None:
    """Runs the studies and writes their results."""
    parser = argparse.ArgumentParser(description="Holds the laws of dynamics against loops.")
    parser.add_argument("studies", nargs="*", default=STUDIES, help=", ".join(STUDIES))
    parser.add_argument("--loops", type=int, default=1000, help="replicas per cell")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS)
    asked = parser.parse_args()
    if "laws" in asked.studies:
        readings = []
        for part in LAWS:
            start = time.process_time()
            readings += list(part.readings(asked.loops))
            print(f"{part.__name__} {time.process_time() - start:.0f} s", flush=True)
        write(asked.output, "laws", LAWS_HEAD, readings)
    if "ngrams" in asked.studies:
        write(asked.output, "ngrams", NGRAMS_HEAD, list(ngrams.readings(2 * asked.loops)))
    if "speed" in asked.studies:
        rows = speed.measure()
        shown = [
            {key: f"{value:g}" if isinstance(value, float) else value for key, value in row.items()} for row in rows
        ]
        asked.output.mkdir(parents=True, exist_ok=True)
        (asked.output / "forecast_speed.json").write_text(json.dumps({"study": "speed", "rows": rows}, indent=1) + "\n")
        (asked.output / "forecast_speed.md").write_text(SPEED_HEAD + "\n\n" + "\n".join(table(shown)) + "\n")
    if "fits" in asked.studies:
        asked.output.mkdir(parents=True, exist_ok=True)
        fits.study(asked.output, min(asked.loops, FITTED))
    if "projections" in asked.studies:
        asked.output.mkdir(parents=True, exist_ok=True)
        projections.study(asked.output, min(asked.loops, FITTED))
    if "learned" in asked.studies:
        asked.output.mkdir(parents=True, exist_ok=True)
        learned.study(asked.output)


if __name__ == "__main__":
    main()
