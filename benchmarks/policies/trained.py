"""Trains all loops of the study, one after the other; what lies there already is not trained again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.policies.cured import BESIDE, CURE, WAYS, cured
from benchmarks.policies.measured import counted
from benchmarks.policies.plans import Plan, plain, planted, rare
from benchmarks.policies.weighted import weighed

from freshbits.loop.rounds import Rounds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PLANTED, PLAIN = range(101, 121), range(201, 221)
WEIGHED, RARE = range(301, 321), range(401, 405)


def train_all(place: Path, progress: Callable[[str], None]) -> None:
    """Trains them; which hacked runs are cured depends on the runs themselves, not on any forecast."""
    for plan in (*(planted(seed) for seed in PLANTED), *(plain(seed) for seed in PLAIN)):
        plan.run(place, "final")
        progress(plan.name)
    for how in (None, *BESIDE, *sorted({each for some in WAYS.values() for each in some})):
        for plan in hacked(place):  # the recommended cure of each method first
            chosen = how or CURE[plan.method]
            if chosen in (*BESIDE, *WAYS[plan.method]):
                cured(plan, chosen).run(place, "final")
                progress(f"{plan.name} {chosen}")
    for seed in WEIGHED:
        weighed(seed).run(place, "final")
        progress(f"weighed {seed}")
    for other in (rare(seed) for seed in RARE):
        other.run(place, "final")
        progress(other.name)


def hacked(place: Path) -> Iterator[Plan]:
    """Gives the hacked runs, whose shortcut has taken more than half of the gain in acceptance."""
    for plan in (planted(seed) for seed in PLANTED):
        directory = place / "final" / plan.name
        if Rounds(directory).done > plan.rounds and counted(directory, plan.kind).hacked():
            yield plan
