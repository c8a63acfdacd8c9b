"""Judges' logs with a style that goes along with being better: what the judge pays for is known.

Sources: better models ask more and are better liked, right or wrong. Pairs: better texts may be longer. The judge pays
for the style itself only where it is told to.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from freshbits.worlds.channels import Channel
from freshbits.worlds.sizes import Fixed
from freshbits.worlds.state import Source
from freshbits.worlds.world import World

ABILITY = {f"m{n}": -1.5 + 0.6 * n for n in range(6)}
WORDS = ("alpha", "beta", "gamma", "delta")
OPENINGS = ("Yes,", "yes,", "- yes", "## Yes\n", "1 yes", "**Yes**")


def styled_sources(seed: int, size: int = 1, prompts: int = 150, paid_for: float = 0.0) -> pl.DataFrame:
    """Draws scores of six models: 2 · truth + the model's own + `paid_for` · question + noise.

    >>> rows = styled_sources(0, prompts=20)
    >>> rows.height, rows["source"].n_unique()
    (120, 6)
    """
    rng = np.random.default_rng(seed)
    sources = tuple(Source(name, shift) for name, shift in ABILITY.items())
    world = World(prompts=prompts, sources=sources, sizes=Fixed(size), signals={"score": Channel(0.8, 0.2)})
    frame = world.draw(seed)
    ability = frame["source"].replace_strict(ABILITY, return_dtype=pl.Float64).to_numpy()
    asks = rng.random(frame.height) < 1 / (1 + np.exp(-1.5 * ability))
    score = 2.0 * frame["truth"].to_numpy() + ability + paid_for * asks + rng.normal(size=frame.height)
    marked = pl.when(pl.Series(asks)).then(pl.col("completion").str.replace("\n", "?\n")).otherwise("completion")
    return frame.with_columns(pl.Series("signal.score", score), completion=marked)


def judged_pairs(seed: int, pairs: int = 400, fond: float = 0.0, styled: float = 0.0) -> pl.DataFrame:
    """Draws judged pairs: the better text is preferred, and by `fond` per log unit the longer one.

    `styled`: better texts are longer by that many log units.

    >>> judged_pairs(0, pairs=5).columns
    ['prompt', 'completion', 'opponent', 'truth', 'signal.winner']
    """
    rng = np.random.default_rng(seed)
    right = rng.random(pairs) < 0.5
    length = rng.integers(5, 120, (pairs, 2)) * np.exp(styled * np.stack([right, ~right], axis=1))
    gap = np.log1p(length[:, 0].astype(int)) - np.log1p(length[:, 1].astype(int))
    lean = 1.2 * np.where(right, 1.0, -1.0) + fond * gap
    won = rng.random(pairs) < 1 / (1 + np.exp(-lean))

    def text(count: float) -> str:
        dot = rng.choice([".", "?", ""])
        return " ".join([str(rng.choice(OPENINGS)), *rng.choice(WORDS, int(count))]) + str(dot)

    return pl.DataFrame(
        {
            "prompt": [f"q{n}" for n in range(pairs)],
            "completion": [text(n) for n in length[:, 0]],
            "opponent": [text(n) for n in length[:, 1]],
            "truth": right * 1.0,
            "signal.winner": won * 1.0,
        }
    )
