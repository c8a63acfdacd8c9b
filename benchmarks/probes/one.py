"""One configuration: what four learners come to rely on, and what probes say of it beforehand."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from benchmarks.cure.texts import VOCABULARY
from benchmarks.probes.kinds import draw, sides, written
from benchmarks.probes.learners import LEARNERS, first_passed, trained

from freshbits.probes.curve import curve
from freshbits.probes.families import FAMILIES, margins
from freshbits.probes.targets import signs, smallest_cell, target
from freshbits.probes.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freshbits.probes.curve import Curve

TESTS = 48  # texts of each cell of the counterfactual test
LABELS = (1000, 300, 100)  # rows labelled with truth, two to a pair


def described(seed: int) -> dict[str, Any]:
    """Returns a configuration as plain data."""
    drawn = draw(seed)
    return {
        "seed": seed,
        "intended": drawn.intended.name,
        "spurious": drawn.spurious.name,
        "agrees": drawn.agrees,
        "lures": round(drawn.lures, 4),
        "differ": drawn.differ,
        "pairs": drawn.pairs,
        "pairwise": seed % 3 > 0,
    }


def learned(seed: int, families: Sequence[str] = tuple(LEARNERS)) -> dict[str, Any]:
    """Trains learners on a configuration: their effects at the end, and which feature came first."""
    torch.set_num_threads(1)
    rng, (high, low, _, _) = np.random.default_rng([seed, 33]), _texts(seed)
    drawn = draw(seed)
    cells = np.stack(
        [np.stack([written(drawn, np.tile([a, b], (TESTS, 1)), rng) for b in (False, True)]) for a in (False, True)]
    )
    found = {}
    for family in families:
        start = time.process_time()
        looks = trained(family, high, low, cells, seed, pairwise=seed % 3 > 0)
        found[family] = {
            "intended": round(looks[-1][0], 4),
            "spurious": round(looks[-1][1], 4),
            "first": first_passed(looks),
            "seconds": round(time.process_time() - start, 3),
        }
    return found


def probed(seed: int, rows: int | None = None) -> dict[str, Any]:
    """Runs every family of probes on a configuration, on all its pairs or on so many rows labelled with truth."""
    high, low, accepted, rejected = _texts(seed)
    places = np.arange(len(high))
    if rows is not None:
        places = np.sort(np.random.default_rng([seed, 34]).permutation(len(high))[: rows // 2])
    first, second = (Tokens(side[places], VOCABULARY, 0.0) for side in (high, low))
    one, other = (signs(accepted[places, k], rejected[places, k]) for k in (0, 1))
    weight = np.ones(places.size)
    asked = target(one, weight, other), target(other, weight, one)
    found: dict[str, Any] = {"cell": smallest_cell(one, other), "families": {}}
    for family in FAMILIES:
        start = time.process_time()
        curves = [curve(m, each) for m, each in zip(margins(family, first, second, asked, seed), asked, strict=True)]
        found["families"][family] = {
            "seconds": round(time.process_time() - start, 3),
            "intended": _plain(curves[0]),
            "spurious": _plain(curves[1]),
            "agreement": [round(each.agreement, 4) for each in asked],
            "bits": [round(each.bits, 5) for each in asked],
        }
    return found


def _texts(seed: int) -> tuple[Any, Any, Any, Any]:
    drawn, rng = draw(seed), np.random.default_rng([seed, 32])
    accepted, rejected = sides(drawn, rng)
    high, low = written(drawn, accepted, rng), written(drawn, rejected, rng)
    return high, low, accepted.astype(np.float64), rejected.astype(np.float64)


def _plain(curve: Curve) -> dict[str, Any]:
    return {
        "aulc": round(curve.aulc, 5),
        "psi": round(curve.psi, 5),
        "accuracy": round(curve.accuracy, 4),
        "price": round(curve.price_bits, 1),
        "blocks": [round(b, 3) for b in curve.blocks],
    }
