"""Which prompts tell most: where verdicts contradict truth, where rollouts carry nothing, where they differ most."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from freshbits.criteria.labelled import labelled
from freshbits.telling import Telling

if TYPE_CHECKING:
    from freshbits.criteria.inputs import Evidence

MOST = 500
MOST_SIGNALS = 8
TRUTH, WASTE, CONTRAST = "truth", "waste", "contrast"


def telling(evidence: Evidence, most: int = MOST) -> list[Telling]:
    """Chooses at most `most` prompts, signal by signal, in turns by three orders; without texts.

    The orders: most labelled rollouts that the verdict calls otherwise than truth; most rollouts in groups without
    contrast; most difference inside groups (a verdict's mean entropy h(k/n), a score's mean range), across the groups
    of a prompt where each holds one rollout. Counts describe the log and have no interval.

    Args:
        evidence: the counts.
        most: prompts over all signals.
    """
    signals = [name for name, values in evidence.tally.values.items() if values.scored][:MOST_SIGNALS]
    found: list[Telling] = []
    for number, signal in enumerate(signals):
        share = (most - len(found)) // (len(signals) - number)
        found += _of_signal(evidence, signal, share)
    return found


def _of_signal(evidence: Evidence, signal: str, most: int) -> list[Telling]:
    table = _counts(evidence, signal)
    verdict = evidence.tally.values[signal].kind == "binary"
    judged = _against_truth(evidence, signal) if verdict else None
    table = table.with_columns(labelled=pl.lit(0), right=pl.lit(0), wrong_accepted=None, right_rejected=None)
    if judged is not None:
        table = table.drop(judged.columns[1:]).join(judged, on="prompt", how="left")
        table = table.with_columns(pl.col(judged.columns[1:]).fill_null(0))
    wrong = pl.col("wrong_accepted").fill_null(0) + pl.col("right_rejected").fill_null(0)
    orders = {
        TRUTH: table.filter(wrong > 0).sort(wrong, "prompt", descending=[True, False]),
        WASTE: table.filter(pl.col("dead_rollouts") > 0).sort("dead_rollouts", "prompt", descending=[True, False]),
        CONTRAST: table.filter(pl.col("contrast") > 0).sort(
            "contrast", "scored", "prompt", descending=[True, True, False]
        ),
    }
    queues = {why: ordered.head(most).rows(named=True) for why, ordered in orders.items()}
    chosen: dict[int, Telling] = {}
    for place in range(most):
        for why, rows in queues.items():
            if place < len(rows) and len(chosen) < most and rows[place]["prompt"] not in chosen:
                chosen[rows[place]["prompt"]] = _telling(rows[place], signal, why, pairs=evidence.pairs)
    return list(chosen.values())


def _counts(evidence: Evidence, signal: str) -> pl.DataFrame:
    """Counts one signal per prompt, and how much its rollouts differ."""
    values = evidence.tally.values[signal]
    n, k, low, high = (pl.col(f"{name}.{signal}") for name in ("n", "k", "low", "high"))
    groups = evidence.tally.groups.filter(n > 0)
    region = pl.col("region").min() if "region" in groups.columns else pl.lit(None, pl.String)
    alone = not (groups[f"n.{signal}"] > 1).any()
    dead = (n > 1) & (low == high)
    wide = (values.high or 0.0) - (values.low or 0.0)
    if values.kind == "binary":
        inside = _entropy(k.sum() / n.sum()) if alone else _entropy(k / n).mean()
    else:
        inside = ((high.max() - low.min()) if alone else (high - low).mean()) / (wide or 1.0)
    counted = not alone and not evidence.pairs
    return groups.group_by("prompt").agg(
        region.alias("region"),
        n.sum().alias("scored"),
        k.sum().alias("accepted"),
        pl.len().alias("groups"),
        (dead.sum() if counted else pl.lit(None, pl.UInt32)).alias("dead_groups"),
        (n.filter(dead).sum() if counted else pl.lit(None, pl.Int64)).alias("dead_rollouts"),
        inside.round(9).alias("contrast"),  # sums in another order must not change the order
    )


def _entropy(share: pl.Expr) -> pl.Expr:
    bits = -(share * share.log(2) + (1 - share) * (1 - share).log(2))
    return pl.when((share > 0) & (share < 1)).then(bits).otherwise(0.0)


def _against_truth(evidence: Evidence, signal: str) -> pl.DataFrame | None:
    """Counts, per prompt, labelled rollouts, right ones, and verdicts that contradict truth."""
    rows = labelled(evidence.tally, signal)
    if rows is None:
        return None
    accepted = rows.score == evidence.tally.values[signal].high
    table = pl.DataFrame({"prompt": rows.prompt, "right": rows.right, "accepted": accepted})
    right, taken = pl.col("right"), pl.col("accepted")
    return table.group_by("prompt").agg(
        pl.len().alias("labelled"),
        right.sum().alias("right"),
        (~right & taken).sum().alias("wrong_accepted"),
        (right & ~taken).sum().alias("right_rejected"),
    )


def _telling(row: dict[str, object], signal: str, why: str, *, pairs: bool) -> Telling:
    counts = {name: row[name] for name in Telling.__dataclass_fields__ if name in row and name != "prompt"}
    counts["groups"] = row["scored"] if pairs else row["groups"]
    return Telling(key=f"{row['prompt']:016x}", prompt=None, signal=signal, why=why, **counts)  # type: ignore[arg-type]
