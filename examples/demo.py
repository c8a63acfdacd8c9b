"""Six loops from one small model, run for real: a closed one, open ones, and the controls that tell them apart.

    python examples/demo.py DIR [SEED …]

Writes every round of every loop under DIR/seed-N/, one process per seed, and ends in one page. A run that was stopped
goes on where it was. About a minute and a half per seed on a free core.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from freshbits.loop.arms import ROUNDS, arms, run_arms
from freshbits.loop.foresight import foresee
from freshbits.loop.rounds import Rounds
from freshbits.report.loops import Told, loops_page

SINCE = 2
SEEDS = (1, 2)


def run_seed(seed: int, directory: Path) -> dict:
    """Runs the loops of one seed, in a process of its own."""
    return run_arms(seed, directory / f"seed-{seed}", progress=lambda words: print(words, flush=True))


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.stderr.write("usage: python examples/demo.py DIR [SEED …]\n")
        return 2
    directory = Path(sys.argv[1])
    seeds = [int(each) for each in sys.argv[2:]] or list(SEEDS)
    began = time.monotonic()
    with ProcessPoolExecutor(len(seeds), mp_context=get_context("spawn")) as pool:
        found = list(pool.map(run_seed, seeds, [directory] * len(seeds)))
    told = []
    for arm in arms(seeds[0]):
        places = [Rounds(directory / f"seed-{seed}" / arm.name) for seed in seeds]
        seen = [foresee(rounds, SINCE, ROUNDS) for rounds in places[:1]]
        told.append(Told(arm.name, arm.words, [runs[arm.name] for runs in found], seen))
    print()
    print(loops_page(told), end="")
    print(
        f"\n{time.monotonic() - began:.0f} s; every round lies there: freshbits audit {directory}/seed-{seeds[0]}/rft"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
