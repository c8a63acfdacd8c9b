"""Races probes against learners: python -m benchmarks.probes [draw] [-w FOLDER] [--table].

Pairs of token sequences, one accepted and one rejected, hold an intended feature (truth) and a spurious one, each of
eleven kinds, which the verdict follows to different degrees. Probes read them once. Learners are trained on the same
pairs, and by texts in which only one of the two features is changed it is measured which of them they rely on.
Everything was fixed on configurations 0 to 25; the table is of fresh ones, from 10,000 on.

Fixed before those were run: PSI says what is relied on, AULC what is learned first (PSI of the first quarter of the
pass is told beside it), each as the spurious feature's less the intended one's; the probability is a logistic function
of the gaps of agreement, AULC and PSI, fitted to the configurations before. A learner relies on the spurious feature
where its effect at the end is the larger one, and learns first whichever effect passes .15 first.
"""

from __future__ import annotations

import argparse
import json
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.probes.learners import LEARNERS
from benchmarks.probes.one import LABELS, described, learned, probed
from benchmarks.probes.shards import filled
from benchmarks.probes.tables import markdown, results

RESULTS = Path(__file__).parents[1] / "results"
DEV, HELD = range(26), range(10_000, 10_120)
NAMES = tuple(LEARNERS)


def main() -> None:
    """Runs what is missing, then writes the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-w", "--work", type=Path, default=Path("build/probes"), help="folder of what is done already")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS)
    parser.add_argument("--stages", type=int, default=5, help="1 to 5: learners, probes, few labels, second learners")
    parser.add_argument("--few", type=int, default=len(HELD), help="configurations also probed with few labels")
    parser.add_argument("--more", type=int, default=len(HELD), help="configurations with a second learner")
    asked = parser.parse_args()
    work = asked.work
    dev = {"learned": filled(work / "dev_learned.jsonl", DEV, learned)}
    dev["probed"] = filled(work / "dev_probed.jsonl", DEV, probed)
    held: dict[str, dict[int, dict[str, Any]]] = {}
    if asked.stages >= 2:
        held["probed"] = filled(work / "held_probed.jsonl", HELD, probed)
    if asked.stages >= 3:
        held["learned"] = filled(work / "held_learned.jsonl", HELD, partial(_one_learner, turn=0))
    if asked.stages >= 4:
        for rows in LABELS:
            held[f"probed_{rows}"] = filled(
                work / f"held_probed_{rows}.jsonl", HELD[: asked.few], partial(probed, rows=rows)
            )
    if asked.stages >= 5:
        more = filled(work / "held_more.jsonl", HELD[: asked.more], partial(_one_learner, turn=2))
        held["learned"] = {seed: {**found, **more.get(seed, {})} for seed, found in held["learned"].items()}
    if "learned" not in held:
        return
    found = results([described(seed) for seed in DEV], dev, [described(seed) for seed in HELD], held)
    asked.output.mkdir(parents=True, exist_ok=True)
    (asked.output / "probes.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    text = markdown(found)
    (asked.output / "probes.md").write_text(text, encoding="utf-8")
    print(text)


def _one_learner(seed: int, turn: int) -> dict[str, Any]:
    return learned(seed, (NAMES[(seed + turn) % len(NAMES)],))


if __name__ == "__main__":
    main()
