"""Answer classes and pass@k: Good-Turing coverage, effective classes, pass@k within and beyond the log."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.calibration.study import Cell, Reading, Study

from freshbits.information.mixing import fit
from freshbits.information.species import Species, chao1, effective, good_turing, pass_at
from freshbits.worlds import Answers, Atoms, Beta, Fixed, LogitNormal, World

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.results import Estimate
    from freshbits.worlds.rates import Rates

_WORLDS: dict[str, tuple[Rates, Answers]] = {
    "few answers": (Beta(1, 1), Answers(3, Atoms([(0.5, 1.0)]))),
    "many answers": (Beta(1, 2), Answers(12, Atoms([(0.9, 1.0)]))),
    "hard prompts": (LogitNormal(-2.0, 2.0), Answers(8, Atoms([(0.3, 1.0), (1.0, 1.0)]))),
}
CELLS: tuple[Cell, ...] = tuple(
    {"rollouts": size, "prompts": prompts, "world": name}
    for size in (4, 8, 16)
    for prompts in (100, 300)
    for name in _WORLDS
)


def measure(cell: Cell, seed: int) -> list[Reading]:
    """Draws answer counts of one log; the unseen mass is known for the very log, the rest for the world."""
    size, prompts = int(cell["rollouts"]), int(cell["prompts"])
    here = world(str(cell["world"]), size, prompts)
    population = here.population(seed)
    belief = here.believed(population, here.asked(0), 0, here.sources[0]).belief
    rng = np.random.default_rng([seed, 2])
    counts = rng.multinomial(size, belief / belief.sum(axis=1, keepdims=True)).astype(np.int64)
    keys = rng.integers(0, 2**63, prompts, dtype=np.uint64)
    n, hits = np.full(prompts, size), counts[:, 0]
    seen = Species(n, (counts > 0).sum(axis=1), (counts == 1).sum(axis=1), (counts == 2).sum(axis=1), keys)
    expected = expectations(str(cell["world"]), size, prompts)
    found = [
        Reading.of("coverage (Good-Turing)", good_turing(seen), covered(belief, size - 1)),
        Reading.of("effective classes", effective(n, (counts * (counts - 1)).sum(axis=1), keys), expected["effective"]),
        lower_bound("Chao1 at most the classes there are", chao1(seen), float((belief > 0).sum(axis=1).mean())),
    ]
    passed = pass_at(n, hits, keys, fit(n, hits, keys))
    for tries in (1, size, 2 * size, 4 * size):
        name = f"pass@{tries // size}n" if tries > 1 else "pass@1"
        found.append(Reading.of(name, passed[str(tries)], expected[str(tries)]))
    return found


def covered(belief: NDArray[np.float64], rollouts: int) -> float:
    """Returns the mass of the classes that so many rollouts of each prompt show, on average."""
    return float((belief * (1 - (1 - belief) ** rollouts)).sum(axis=1).mean())


def solved(tries: int, s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the probability that one of the tries is right."""
    result: NDArray[np.float64] = 1 - (1 - s) ** tries
    return result


def lower_bound(quantity: str, estimate: Estimate | None, truth: float) -> Reading:
    """Returns 1 where a lower bound is one."""
    holds = estimate is not None and estimate.low is not None and estimate.low <= truth
    return Reading(quantity, float(holds), np.nan, np.nan, 1.0)


@cache
def world(name: str, size: int, prompts: int) -> World:
    """Returns the world of a cell."""
    base, answers = _WORLDS[name]
    return World(prompts=prompts, base=base, answers=answers, sizes=Fixed(size))


@cache
def expectations(name: str, size: int, prompts: int) -> dict[str, float]:
    """Returns E[1 - (1-s)^k] for the tries measured, and the inverse of the mean probability that two agree."""
    here = world(name, size, prompts)
    skews, weights = here.answers.skew.nodes()
    shares = (here.answers.split(skews) ** 2).sum(axis=1) @ weights
    found = {str(k): here.base.expect(partial(solved, k)) for k in (1, size, 2 * size, 4 * size)}
    agree = here.base.expect(lambda s: s**2) + shares * here.base.expect(lambda s: (1 - s) ** 2)
    return {**found, "effective": float(1 / agree)}


STUDY = Study("species", "Answer classes and pass@k", CELLS, measure, logs=200)
