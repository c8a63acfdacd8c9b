"""Who judged what they wrote: the judge of a set held against the writers, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from freshbits.rollouts.schema import SIGNAL

if TYPE_CHECKING:
    from freshbits.criteria.inputs import Evidence
    from freshbits.results import Json


def authors(evidence: Evidence) -> list[Json]:
    """Says of every judged signal who judged, who wrote, and on which share of the rows they are one model.

    Names are equal up to case and a provider before the last "/" that one of them lacks. A name says nothing of what a
    model was trained on: two names may be one family, and a judge may be older than the writer it taught.
    """
    if evidence.texts is None:
        return []
    found = []
    for signal, judge in evidence.judged_by.items():
        counts = evidence.texts.authors if not judge else {}
        if judge:
            for writer, rows in evidence.texts.writers.items():
                counts[judge, writer] = rows
        judges = sorted({pair[0] for pair in counts} | ({judge} if judge else set()))
        writers = sorted({pair[1] for pair in counts})
        rows = sum(counts.values())
        same = sum(count for (one, other), count in counts.items() if is_same(one, other))
        found.append(
            {
                "signal": signal,
                "judge": judges,
                "writer": writers,
                "rows": rows,
                "same": same / rows if rows else None,
                "words": _words(judges, writers, same, rows),
            }
        )
    return [*found, *_thresholds(evidence, found)]


def _thresholds(evidence: Evidence, judged: list[Json]) -> list[Json]:
    """Says which verdict is nothing but a threshold of a judged score, and so has the same author."""
    assert evidence.texts is not None
    rows, found = evidence.texts.rows, []
    for signal, values in evidence.tally.values.items():
        if values.kind != "binary" or signal in evidence.judged_by:
            continue
        for entry in judged:
            score = f"{SIGNAL}{entry['signal']}"
            both = rows.select(score, kept=pl.col(f"{SIGNAL}{signal}") == values.high).drop_nulls()
            kept, dropped = both.filter("kept")[score], both.filter(~pl.col("kept"))[score]
            if not kept.len() or not dropped.len() or float(kept.to_numpy().min()) <= float(dropped.to_numpy().max()):
                continue
            least = float(kept.to_numpy().min())
            words = f"it is {entry['signal']} of {least:g} or more; {entry['words']}"
            found.append(entry | {"signal": signal, "words": words})
            break
    return found


def own_judged(evidence: Evidence) -> dict[str, str]:
    """Returns the signals that the writer itself gave on every row, as `own_state`: what a person declares overrules.

    >>> from types import SimpleNamespace
    >>> texts = SimpleNamespace(authors={("m", "m"): 3}, writers={"m": 3}, rows=None)
    >>> own_judged(SimpleNamespace(texts=texts, judged_by={"score": ""}, tally=SimpleNamespace(values={})))
    {'score': 'own_state'}
    """
    return {entry["signal"]: "own_state" for entry in authors(evidence) if entry["same"] == 1.0}


def is_same(one: str, other: str) -> bool:
    """Tells whether two names mean one model.

    >>> is_same("openai/gpt-4o", "gpt-4o"), is_same("a/tuned", "b/tuned")
    (True, False)
    """
    left, right = one.casefold().strip(), other.casefold().strip()
    if left == right:
        return True
    return ("/" in left) != ("/" in right) and left.rsplit("/", 1)[-1] == right.rsplit("/", 1)[-1]


def _words(judges: list[str], writers: list[str], same: int, rows: int) -> str:
    if not judges:
        return "the set does not say who judged"
    if not writers:
        return f"judged by {_some(judges)}; the set does not say who wrote, so whether it judged itself is not known"
    if same == rows:
        return (
            f"judged by {_some(judges)}, which also wrote: a model's opinion of its own answers brings nothing from "
            "outside it, so keeping by it is closed"
        )
    if same:
        return f"judged by {_some(judges)}, which also wrote {100 * same / rows:.0f} % of what it judged"
    return f"judged by {_some(judges)}, written by {_some(writers)}: by name not the same model"


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
