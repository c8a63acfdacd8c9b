"""Trains all loops of the study, one after the other; what lies there already is not trained again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.policies.cured import LATE, WAYS, cured
from benchmarks.policies.measured import counted
from benchmarks.policies.plans import Plan, plain, planted, rare
from benchmarks.policies.weighted import weighed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PLANTED, PLAIN = range(101, 121), range(201, 221)
WEIGHED, RARE = range(301, 321), range(401, 405)
CURED = 6  # hacked runs that are trained again, in the order of their seeds


def train_all(place: Path, progress: Callable[[str], None]) -> None:
    """Trains them; which hacked runs are cured depends on the runs themselves, not on any forecast."""
    for plan in (*(planted(seed) for seed in PLANTED), *(plain(seed) for seed in PLAIN)):
        plan.run(place, "final")
        progress(plan.name)
    for again in to_cure(place):
        for how in WAYS[again.method]:
            cured(again, how).run(place, "final")
            progress(f"{again.name} {how}")
    for again in to_cure(place):  # a policy gradient is slower: in four rounds little has been lost
        for how in ("rebalance", "reward") if again.method == "grpo" else ():
            cured(again, how, LATE).run(place, "final")
            progress(f"{again.name} {how}, {LATE} rounds")
    for seed in WEIGHED:
        weighed(seed).run(place, "final")
        progress(f"weighed {seed}")
    for other in (rare(seed) for seed in RARE):
        other.run(place, "final")
        progress(other.name)


def to_cure(place: Path) -> Iterator[Plan]:
    """Gives the first hacked runs, whose shortcut has taken more than half of the gain in acceptance."""
    found = 0
    for plan in (planted(seed) for seed in PLANTED):
        if found < CURED and counted(place / "final" / plan.name, plan.kind).hacked():
            found += 1
            yield plan
