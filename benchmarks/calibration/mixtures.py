"""The worlds that pass rates are drawn from in the studies, and how their prompts repeat."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from freshbits.worlds import (
    Atoms,
    Beta,
    Channel,
    Fixed,
    LogitNormal,
    Mixture,
    Replicator,
    Source,
    World,
    bimodal,
    log_uniform,
)

if TYPE_CHECKING:
    from freshbits.worlds.rates import Rates

ONCE, REPEATED = "once", "3 rounds x 2 sources"
MIXED = "2…64"

_BASES: dict[str, Rates] = {
    "Beta(1, 1)": Beta(1.0, 1.0),
    "Beta(.3, .3)": Beta(0.3, 0.3),
    "Beta(5, 3)": Beta(5.0, 3.0),
    "35 % never, 25 % always, Beta(1, 1)": Mixture(
        [(0.35, Atoms([(0.0, 1.0)])), (0.25, Atoms([(1.0, 1.0)])), (0.40, Beta(1.0, 1.0))]
    ),
    "bimodal .1, .9": bimodal(0.1, 0.9),
    "logit-normal sd 2.5": LogitNormal(0.0, 2.5),
}
WORLDS = tuple(_BASES)
ROUNDS = {ONCE: (0,), REPEATED: (0, 1, 2)}


@cache
def world(name: str, size: int | str, prompts: int, design: str) -> World:
    """Returns the world of a cell; where prompts repeat, pass rates move by round and source."""
    repeated = design == REPEATED
    return World(
        prompts=prompts,
        base=_BASES[name],
        signals={"reward": Channel()},
        sizes=log_uniform(2, 64) if isinstance(size, str) else Fixed(size),
        sources=(Source("small", -0.4), Source("large", 0.4)) if repeated else (Source("model"),),
        drift=Replicator(1.4 if repeated else 1.0),
        labelled=0.0,
    )
