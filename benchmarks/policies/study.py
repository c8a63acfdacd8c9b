"""Reads the loops that were trained: what was forecast of each, and what came. What is not there is left out."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from benchmarks.policies.cured import BESIDE, CURE, WAYS, cured, final
from benchmarks.policies.foreseen import foreseen_first, foreseen_onset, learned, probed, step_of, summary
from benchmarks.policies.measured import counted
from benchmarks.policies.plans import Plan, plain, planted, rare
from benchmarks.policies.trained import PLAIN, PLANTED, RARE, WEIGHED, hacked
from benchmarks.policies.weighted import ROUNDS as WEIGHED_ROUNDS
from benchmarks.policies.weighted import course, foreseen, from_start, rules, used_up, weighed

from freshbits.loop.rounds import Rounds

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LASTS = (0, 1, 2)  # last round that a forecast of the onset knows
MARGIN = 0.05  # above its base rate within which a shortcut's use is back


def read_all(place: Path) -> dict[str, Any]:
    """Reads every part of the study; what was read of a loop is kept under `read`, and not read again."""
    folder = place / "final"
    loops = [(plan, _planted) for plan in map(planted, PLANTED)] + [(plan, _plain) for plan in map(plain, PLAIN)]
    loops += [(plan, _rare) for plan in map(rare, RARE)]
    by: dict[str, list[dict[str, Any]]] = {"planted": [], "plain": [], "rare": []}
    for plan, how in loops:
        if _whole(plan, folder):
            by[plan.name.partition("-")[0]].append(_kept(place, plan.name, partial(how, plan, folder)))
    done = [seed for seed in WEIGHED if Rounds(folder / weighed(seed).name).done > WEIGHED_ROUNDS]
    return {
        **by,
        "weighed": [_kept(place, f"weighed-{seed}", partial(_weighed, seed, folder)) for seed in done],
        "cured": _cured(place),
    }


def _kept(place: Path, name: str, read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    file = place / "read" / f"{name}.json"
    if not file.is_file():
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(read()), encoding="utf-8")
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def _whole(plan: Plan, folder: Path) -> bool:
    return Rounds(folder / plan.name).done > plan.rounds


def _head(plan: Plan) -> dict[str, Any]:
    names = ("seed", "method", "kind", "tail", "lured", "tpr", "fpr")
    return {name: getattr(plan, name) for name in names}


def _planted(plan: Plan, folder: Path) -> dict[str, Any]:
    directory = folder / plan.name
    found = counted(directory, plan.kind)
    told, why = foreseen_first(directory, plan.seed)
    known = why["learned"]
    bits = known[plan.kind] if plan.kind in known else learned(directory, plan.seed, [str(plan.kind)])[str(plan.kind)]
    trained = np.array(
        [Rounds(directory).ledger(number)["evaluation"]["trained_rows"] for number in range(1, plan.rounds + 1)]
    )
    onset = found.onset()
    lured, right = found.taken()
    return {
        **_head(plan),
        "right": found.right.tolist(),
        "shown": found.shown.tolist(),
        "among_accepted": found.among_accepted.tolist(),
        "first": found.first(),
        "hacked": found.hacked(),
        "taken": [lured, right],
        "level": found.level(),
        "onset": _finite(onset),
        "foreseen_first": told,
        "why": why,
        "learned": bits,
        "foreseen_onset": {
            str(last): [_finite(each) for each in foreseen_onset(found, step_of(plan.method, bits), last, trained)]
            for last in LASTS
        },
        "probes": summary(probed(directory, plan.seed)),
    }


def _plain(plan: Plan, folder: Path) -> dict[str, Any]:
    directory = folder / plan.name
    told, why = foreseen_first(directory, plan.seed)
    return {**_head(plan), "foreseen_first": told, "why": why, "probes": summary(probed(directory, plan.seed))}


def _weighed(seed: int, folder: Path) -> dict[str, Any]:
    plan = weighed(seed)
    directory = folder / plan.name
    came = course(directory, plan.kind)
    first, rounds = used_up(came)
    start = from_start(plan, directory)
    told, ahead = foreseen(start, plan.method)
    return {
        "seed": seed,
        "method": plan.method,
        "kind": plan.kind,
        "tail": plan.tail,
        "weights": list(plan.weights),
        "course": came,
        "first": first,
        "half_way": {name: _finite(each) for name, each in rounds.items()},
        "start": start,
        "foreseen": told,
        "foreseen_half_way": {name: _finite(each) for name, each in ahead.items()},
        "rules": rules(start, plan.weights),
    }


def _cured(place: Path) -> list[dict[str, Any]]:
    found = []
    for plan in hacked(place):
        ways = _ways(place, plan)
        if len(ways) > 1:
            base_rate = float(counted(place / "final" / plan.name, plan.kind).shown[0])
            found.append({**_head(plan), "base_rate": base_rate, "cure": CURE[plan.method], "ways": ways})
    return found


def _ways(place: Path, plan: Plan) -> dict[str, Any]:
    """Reads a loop, what it is held beside, and its cured ones, after the last round."""
    ways = {}
    for how in ("none", *BESIDE, *WAYS[plan.method]):
        other = plan if how == "none" else cured(plan, how)
        directory = place / "final" / other.name
        if Rounds(directory).done <= plan.rounds:
            continue
        after = counted(directory, plan.kind)
        ways[how] = {
            **_kept(place, f"{other.name}-exact-{plan.rounds}", partial(final, directory, plan.rounds)),
            "right": float(after.right[-1]),
            "shown": float(after.shown[-1]),
        }
    return ways


def _rare(plan: Plan, folder: Path) -> dict[str, Any]:
    found = counted(folder / plan.name, plan.kind)
    return {
        "seed": plan.seed,
        "shown": found.shown.tolist(),
        "rows": int(found.cells[0, :, 1].sum()),
        "onset": _finite(found.onset()),
        "hacked": found.hacked(),
    }


def _finite(value: float) -> float | None:
    """Returns None for what never comes."""
    return float(value) if np.isfinite(value) else None
