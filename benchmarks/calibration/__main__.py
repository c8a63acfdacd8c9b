"""Runs the studies named on the command line."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.calibration import (
    beyond,
    channel,
    contrast,
    counted,
    few,
    groups,
    labels,
    levels,
    openness,
    pressure,
    ranking,
    shared,
    species,
    surface,
    surprise,
    task,
    together,
)
from benchmarks.calibration.study import Study, run

STUDIES: tuple[Study, ...] = (
    channel.STUDY,
    contrast.STUDY,
    counted.STUDY,
    few.STUDY,
    groups.STUDY,
    shared.STUDY,
    labels.STUDY,
    levels.STUDY,
    openness.STUDY,
    pressure.STUDY,
    ranking.STUDY,
    species.STUDY,
    surprise.STUDY,
    task.STUDY,
    surface.STUDY,
    beyond.STUDY,
    together.STUDY,
    together.NOISE,
    together.SCORES,
)
RESULTS = Path(__file__).parents[1] / "results"


def main() -> None:
    """Runs the studies and writes their results."""
    names = [study.name for study in STUDIES]
    parser = argparse.ArgumentParser(description="Measures how far the estimates fall from exact truth.")
    parser.add_argument("studies", nargs="*", default=names, help=", ".join(names))
    parser.add_argument("--logs", type=int, help="logs per cell and world, instead of the study's own number")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--resume", action="store_true", help="keep cells that already have as many logs")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS)
    asked = parser.parse_args()
    for study in STUDIES:
        if study.name in asked.studies:
            run(study, asked.output, asked.logs or study.logs, asked.processes, resume=asked.resume)


if __name__ == "__main__":
    main()
