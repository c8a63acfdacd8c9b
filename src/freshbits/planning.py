"""The plan by itself: a log in, ways to train out. The module is not called `plan`, which would hide the function."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from freshbits.errors import InputError
from freshbits.rollouts.options import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freshbits.auditing import Source
    from freshbits.planned import Plan
    from freshbits.rollouts.options import ReadOptions

ROLLOUT, REFERENCE = "rollout", "reference"


def plan(
    source: Source,
    options: ReadOptions | None = None,
    *,
    costs: Mapping[str, float] | None = None,
    rounds: int = 5,
    trained: str | None = None,
    where: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> Plan:
    """Plans what to train on: methods on the signals of a log, by expected task bits per cost, with projections.

    Group-relative updates on a signal are offered I(C;S|Q) bits per rollout, filtering by it the part of these that
    lies in accepted rollouts; both are ranked by bits per cost. References are told in their own currency and not
    ranked. Filtering is projected by resampling and selection with the log's TPR, FPR and base rates; group-relative
    updates only from the log's own rounds (`trained="grpo"`). Without truth only bounds are told, nothing is ranked.

    Args:
        source: a log, as `freshbits.audit` takes it.
        options: how to read it; `origins` decides what counts as closed.
        costs: `rollout` (1 where missing), `reference`, and signal -> one verdict (0 where missing), in one unit.
        rounds: rounds to project, 1 to 20.
        trained: "grpo" where the rounds of this log were made by group-relative updates.
        where: how to name the log in the commands that are suggested.
        progress: called with what is being done, in words.

    Raises:
        InputError: if the log cannot be read, a cost names nothing or is no cost, or `rounds` or `trained` is unknown.

    >>> import polars as pl
    >>> rows = [{"prompt": f"q{i // 8}", "completion": f"{i % 3}", "exact": float(i % 3 == 0), "truth": i % 3 == 0}
    ...         for i in range(960)]
    >>> from freshbits.rollouts.options import ReadOptions
    >>> found = plan(pl.DataFrame(rows), ReadOptions(signals=("exact",), origins={"exact": "external"}))
    >>> [(way.method, way.rank) for way in found.plan]
    [('grpo', 1), ('rft', 2), ('sft', None)]
    """
    from threadpoolctl import threadpool_limits

    from freshbits.auditing import gather
    from freshbits.remedies.plan import plan_of

    if not 1 <= rounds <= 20:
        raise InputError(f"{rounds} rounds cannot be projected", mend="write 1 to 20")
    if trained not in (None, "grpo"):
        raise InputError(f"a plan knows no rounds trained by {trained!r}", mend="write grpo, or leave it out")
    log, evidence, _ = gather(source, options, where=where, progress=progress, texts=False)
    given = dict(costs or {})
    for name, cost in given.items():
        if not (math.isfinite(cost) and cost >= 0):
            raise InputError(f"--cost {name}={cost:g} is no cost", mend="write a number from 0 on")
        if name not in (ROLLOUT, REFERENCE, *log.signals):
            raise InputError(
                f"--cost {name}: the log has no signal {name!r}" + nearest(name, [ROLLOUT, REFERENCE, *log.signals]),
                mend=f"costs are of {ROLLOUT}, {REFERENCE}, {', '.join(log.signals)}",
            )
    calls = {name: cost for name, cost in given.items() if name not in (ROLLOUT, REFERENCE)}
    rollout = given.get(ROLLOUT, 1.0)
    for name in log.signals:
        if rollout + calls.get(name, 0.0) <= 0:
            raise InputError("a rollout with its verdict costs nothing", mend="write --cost rollout=1")
    with threadpool_limits(limits=1):
        found = plan_of(
            evidence,
            rollout=rollout,
            calls=calls,
            reference=given.get(REFERENCE),
            rounds=rounds,
            trained=trained,
            has_references="reference" in log.schema or "answer" in log.schema,
            unit="as given" if given else "rollouts",
            progress=progress,
        )
    return replace(found, notes=[*log.problems.sentences(), *found.notes])
