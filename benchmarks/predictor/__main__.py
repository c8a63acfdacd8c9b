"""Predicts pass rates of prompts that were never tried, on two public pools: python -m benchmarks.predictor.

    FRESHBITS_DATA=folder python -m benchmarks.predictor [--splits 3]          (some ten minutes on one core)

Half of the prompts (whole problems) with one model's verdicts predict that model's pass rates on the other half.
"others" adds, as a field, how often half of the other models passed. "shuffled" gives the verdicts to other prompts:
nothing can be learned, and the base rate should be believed. Losses are means over prompts, with 95 % intervals over
problems of what is gained against the base rate; a problem's losses are first averaged over models and splits.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from benchmarks.predictor.pools import live_code_bench, reasoning_gym

from freshbits.remedies.allocation.rules import expected_variance
from freshbits.remedies.prediction.betabinomial import UNKNOWN, log_likelihood, worth
from freshbits.remedies.prediction.encode import Encoder, Raw
from freshbits.remedies.prediction.learners import Mean, Tried
from freshbits.remedies.prediction.scores import brier, calibration_error, log_loss, reliability
from freshbits.remedies.prediction.stack import fit

if TYPE_CHECKING:
    from benchmarks.predictor.pools import Pool
    from numpy.typing import NDArray

RESULTS = Path(__file__).parents[1] / "results"
TENTH = 0.1  # of the untried prompts that are taken first
OTHERS = "passed by others"


def main() -> None:
    """Predicts, scores, writes the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--data", type=Path, default=os.environ.get("FRESHBITS_DATA"))
    parser.add_argument("-o", "--output", type=Path, default=RESULTS)
    asked = parser.parse_args()
    if asked.data is None:
        parser.error("FRESHBITS_DATA names no folder with the public pools")
    found = [_pool(pool, asked.splits) for pool in (reasoning_gym(asked.data), live_code_bench(asked.data))]
    (asked.output / "predictor.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    text = _markdown(found)
    (asked.output / "predictor.md").write_text(text, encoding="utf-8")
    print(text)


def _pool(pool: Pool, splits: int) -> dict[str, Any]:
    rows: list[pl.DataFrame] = []
    believed: dict[str, Counter[str]] = {}
    for number, model in enumerate(pool.models):
        for split in range(splits):
            for way, part, kind in _split(pool, model, [number, split]):
                rows.append(part.with_columns(way=pl.lit(way), model=pl.lit(model)))
                believed.setdefault(way, Counter())[kind] += 1
        print(pool.name, model, flush=True)
    table = pl.concat(rows)
    return {
        "pool": pool.name,
        "models": len(pool.models),
        "splits": splits,
        "prompts": pool.prompts.height,
        "ways": [_told(table, way, believed[way]) for way in believed],
    }


def _split(pool: Pool, model: str, seed: list[int]) -> list[tuple[str, pl.DataFrame, str]]:
    """Returns the scored half of the prompts for every way to state their rates."""
    rng = np.random.default_rng([7, *seed])
    own = pool.prompts.join(pool.verdicts.filter(pl.col("model") == model), on="id", how="inner", maintain_order="left")
    rest = [name for name in pool.verdicts["model"].unique().sort() if name != model]
    half = list(rng.permutation(rest)[: len(rest) // 2])
    rate = pool.verdicts.filter(pl.col("model").is_in(half)).group_by("id", "model").agg(
        pl.col("successes").sum() / pl.col("rollouts").sum()
    )  # fmt: skip
    mean = rate.group_by("id").agg(pl.col("successes").mean().alias(OTHERS))
    own = own.join(mean, on="id", how="left", maintain_order="left")
    clusters = own["cluster"].unique().sort()
    tried = own["cluster"].is_in(rng.permutation(clusters)[: len(clusters) // 2].tolist()).to_numpy()
    fields = [name for name in pool.prompts.columns if name not in ("id", "cluster", "prompt")]
    text = ["prompt"] if "prompt" in own.columns else []
    ways = {"text": text, "fields": fields, "text and fields": [*text, *fields]} if text else {"fields": fields}
    ways |= {f"{list(ways)[-1]}, others": [*text, *fields, OTHERS], "shuffled": [*text, *fields]}
    before, after = np.flatnonzero(tried), np.flatnonzero(~tried)
    k, n = own["successes"].to_numpy(), own["rollouts"].to_numpy()
    mixed = rng.permutation(before)
    found = []
    for way, columns in ways.items():
        raw = Raw.of(own.select(columns))
        source = mixed if way == "shuffled" else before
        predictor = fit(raw.take(before), k[source], n[source], seed=seed[1])
        found.append((way, _scored(own, predictor.predict(raw.take(after)), predictor.worth, after), predictor.kind))
        if way == "shuffled":
            continue
        if "base rate" not in [name for name, *_ in found]:
            encoder = Encoder.fit(raw.take(before))
            past = Tried(k[before], n[before], 0.5)
            base = Mean.fit(encoder.transform(raw.take(before)), past, None).predict(encoder.transform(raw.take(after)))
            value = worth(np.full(before.size, base[0]), k[before], n[before])
            found.append(("base rate", _scored(own, base, value, after), "base rate"))
    raw = Raw.of(own.select(pool.label))
    encoder = Encoder.fit(raw.take(before))
    label = Mean.fit(encoder.transform(raw.take(before)), Tried(k[before], n[before], 0.5), pool.label)
    stated = label.predict(encoder.transform(raw.take(after)))
    value = worth(label.predict(encoder.transform(raw.take(before))), k[before], n[before])
    return [*found, (f"mean of {pool.label}", _scored(own, stated, value, after), pool.label)]


def _scored(
    own: pl.DataFrame, rates: NDArray[np.float64], value: float | None, after: NDArray[np.int64]
) -> pl.DataFrame:
    k, n = own["successes"].to_numpy()[after], own["rollouts"].to_numpy()[after]
    value = value or UNKNOWN
    a, b = np.clip(value * rates, 1e-3, None), np.clip(value * (1 - rates), 1e-3, None)
    score = expected_variance(a, b)
    first = np.zeros(after.size, dtype=bool)
    lots = np.random.default_rng(after.size).random(after.size)
    first[np.lexsort((lots, -score))[: round(TENTH * after.size)]] = True
    several = n > 1
    return pl.DataFrame(
        {
            "cluster": own["cluster"].gather(after),
            "log_loss": log_loss(rates, k, n),
            "brier": brier(rates, k, n),
            "counts": -log_likelihood(a, b, k, n) / n,
            "stated": rates,
            "successes": k,
            "rollouts": n,
            "first": first,
            "variance": np.where(several, k * (n - k) / np.where(several, n * (n - 1), 1), np.nan),
        }
    )


def _told(table: pl.DataFrame, way: str, believed: Counter[str]) -> dict[str, Any]:
    here = table.filter(pl.col("way") == way)
    mean = here.group_by("cluster").agg(pl.col("log_loss", "brier", "counts").mean())
    base = table.filter(pl.col("way") == "base rate").group_by("cluster").agg(pl.col("log_loss").mean().alias("base"))
    gain = mean.join(base, on="cluster", how="inner").select(pl.col("base") - pl.col("log_loss")).to_series()
    error = 1.96 * float(gain.std() or 0) / np.sqrt(len(gain))  # type: ignore[arg-type]
    average = float(gain.mean())  # type: ignore[arg-type]
    bins = reliability(here["stated"].to_numpy(), here["successes"].to_numpy(), here["rollouts"].to_numpy())
    known = here.filter(pl.col("variance").is_not_nan())
    return {
        "way": way,
        "log_loss": round(float(mean["log_loss"].mean()), 4),  # type: ignore[arg-type]
        "brier": round(float(mean["brier"].mean()), 4),  # type: ignore[arg-type]
        "counts": round(float(mean["counts"].mean()), 4),  # type: ignore[arg-type]
        "gain": [round(average, 4), round(average - error, 4), round(average + error, 4)],
        "calibration_error": round(calibration_error(bins), 4),
        "reliability": [[round(each.stated, 3), round(each.observed, 3)] for each in bins],
        "variance_of_all": round(float(known["variance"].mean()), 4),  # type: ignore[arg-type]
        "variance_of_first": round(float(known.filter(pl.col("first"))["variance"].mean()), 4),  # type: ignore[arg-type]
        "believed": dict(sorted(believed.items())),
    }


def _markdown(found: list[dict[str, Any]]) -> str:
    lines = [
        "# Pass rates of prompts that were never tried",
        "",
        "Half of the prompts with one model's verdicts predict that model's pass rates on the other half. `gain`: log "
        "loss of the base rate less this one, bits per rollout, 95 % over problems. `counts`: log loss of the counts "
        "under the Beta that is believed, bits per rollout. `calibration`: mean distance of observed from stated rates "
        "in ten bins. `first tenth`: what the variance inside groups came to (unbiased, from the verdicts) for the "
        "tenth of the untried prompts that the belief puts first, and for all. `believed`: in how many of the fits.",
    ]
    for pool in found:
        lines += [
            "",
            f"## {pool['pool']}: {pool['models']} models, {pool['splits']} splits each, {pool['prompts']:,} prompts",
            "",
            "| stated by | log loss | gain | Brier | counts | calibration | first tenth, all | believed |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
        ]
        for row in sorted(pool["ways"], key=lambda each: -each["log_loss"]):
            gain, low, high = row["gain"]
            believed = ", ".join(f"{name} {count}" for name, count in row["believed"].items())
            lines.append(
                f"| {row['way']} | {row['log_loss']:.3f} | {gain:.3f} [{low:.3f}, {high:.3f}] | {row['brier']:.3f} | "
                f"{row['counts']:.3f} | {row['calibration_error']:.3f} | {row['variance_of_first']:.3f}, "
                f"{row['variance_of_all']:.3f} | {believed} |"
            )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
