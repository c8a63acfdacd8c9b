"""What becomes of a declared loop in numbers, where its declaration gives them; else what to declare."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from freshbits.errors import InputError
from freshbits.loop.kinds import OWN

if TYPE_CHECKING:
    from freshbits.loop.declare import Graph, Loop
    from freshbits.loop.parts import Signal
    from freshbits.results import Estimate, Projection

MEASURE = "measure them with `freshbits audit LOG --labels labels.csv`, or declare what you expect"
DRIFT = "resampling, exact in the mean over tabular loops"


def project(loop: Loop | Graph) -> Projection:
    """Projects accuracy and variety of a declared loop where they are identified, else says what to declare.

    Unfiltered loops lose variety by resampling alone (`dynamics.drift`), with fresh rows down to a floor
    (`dynamics.fresh`); loops that keep accepted rows follow `dynamics.projection` once `model.base_rate`,
    `signal.tpr` and `signal.fpr` are known. All of it assumes a full refit every round and prompts that share nothing.

    It does not know: policy gradients, references, temperatures other than 1, sums of signals, and signals whose
    rates move with the model (votes, self-judges).

    >>> from freshbits.loop.declare import Loop
    >>> loop = Loop(task={"environment": "sums"}, model={"config": "tiny"}, signal="none",
    ...             train={"method": "self", "samples": 8})
    >>> round(project(loop).diversity_half_life.value, 1)
    5.2
    """
    from freshbits.loop.declare import Graph

    if isinstance(loop, Graph):
        return _not_judged(
            "LOOP_NO_NUMBERS", "a loop that is drawn as a graph says nothing of numbers", "freshbits forecast --help"
        )
    hurdle = _hurdle(loop)
    if hurdle is not None:
        return hurdle
    if loop.train.fresh:
        return _fresh(loop)
    if loop.train.method == "self" and loop.model.base_rate is None:
        return _drift(loop)
    return _selected(loop)


def _hurdle(loop: Loop) -> Projection | None:
    """Returns why nothing is projected; None where something is."""
    train, scoring = loop.train, [signal for signal in loop.signals if signal.kind not in ("none", "reference")]
    if train.method == "grpo":
        return _not_judged(
            "FORECAST_NO_STEP",
            "how far a policy gradient moves per round cannot be declared, only fitted to logged rounds",
            "freshbits forecast LOG, with three logged rounds of the same prompts",
        )
    if train.balance is not None:
        reason = "rows are chosen by more than the verdict: what balancing leaves is known when it has run"
        return _not_judged("LOOP_BALANCED", reason, None)
    if train.method == "sft":
        return _not_judged(
            "LOOP_REFERENCES", "how fast references are learned is no matter of resampling: only a run tells", None
        )
    if train.temperature != 1:
        reason = f"the laws of resampling hold at temperature 1, not {train.temperature:g}"
        return _not_judged("LOOP_TEMPERATURE", reason, "train: {temperature: 1.0}")
    if train.method == "self":
        return None
    if train.fresh:
        return _not_judged("LOOP_FRESH", "selection together with fresh rows is not projected", "train: {fresh: 0}")
    if len(scoring) > 1:
        names = ", ".join(signal.name for signal in scoring)
        return _not_judged("LOOP_SEVERAL", f"what {names} accept together is not known from each alone", None)
    return _rates(loop, scoring[0])


def _rates(loop: Loop, signal: Signal) -> Projection | None:
    if signal.kind in OWN and signal.kind != "random":
        reason = f"{signal.name} follows the model: how often it is right changes as the model does"
        return _not_judged("LOOP_OWN_RATES", reason, "freshbits forecast LOG, once three rounds are logged")
    known = signal.kind == "random" or (signal.tpr is not None and signal.fpr is not None)
    missing = [] if known else ["`signal: {tpr: .9, fpr: .1}`"]
    if loop.model.base_rate is None:
        missing.append("`model: {base_rate: .05}`")
    if not missing:
        return None
    unknown = " and ".join(
        [
            *([] if known else [f"how often {signal.name} accepts right and wrong completions"]),
            *(["how often the model is right at the start"] if loop.model.base_rate is None else []),
        ]
    )
    return _not_judged("LOOP_NO_RATES", f"{unknown} is not declared", f"{', '.join(missing)}; {MEASURE}")


def _selected(loop: Loop) -> Projection:
    """Projects accuracy: selection by a signal whose rates are known, or none."""
    from freshbits.dynamics.projection import project as projected
    from freshbits.dynamics.situation import Situation

    train, signal = loop.train, loop.signals[0]
    tpr, fpr = _channel(signal)
    base = _base(loop)
    kept: dict[str, Any] = {"keep": _kept(loop)} if _full(loop, tpr, fpr) else {"samples": train.samples}
    try:
        return projected(
            Situation(
                base_rate=base,
                tpr=tpr,
                fpr=fpr,
                **kept,
                prompts=_prompts(loop),
                pool=train.pool,
                method="self" if train.method == "self" else "rft",
                target=train.target,
                rounds=train.rounds,
            )
        )
    except InputError as error:
        return _not_judged("LOOP_REGIME", error.problem, error.mend or "train: {keep: N}")


def _drift(loop: Loop) -> Projection:
    """Projects variety where nothing selects and the base rate is not declared."""
    import numpy as np

    from freshbits.dynamics import drift

    n, rounds = _kept(loop), loop.train.rounds
    if loop.train.pool == "accumulate":
        left = drift.accumulate(1.0, n, rounds)
        limit, half = float(drift.accumulate_limit(n)), None
    else:
        left = drift.replace(1.0, n, np.arange(rounds + 1))
        limit, half = 0.0, float(drift.half_life(n))
    share = "share of the start's"
    return replace(
        _empty(loop, n),
        form=DRIFT,
        binding_risk="variety of all answers",
        reason="accuracy stays where it is on average; how far it strays needs the base rate",
        needs="`model: {base_rate: .05}`",
        diversity_half_life=_estimate(half, "rounds", loop),
        trajectory=[{"round": at, "diversity": _estimate(float(each), share, loop)} for at, each in enumerate(left)],
        numbers={"kept": n, "variety_in_the_end": limit},
    )


def _fresh(loop: Loop) -> Projection:
    """Projects the variety that fresh rows keep up in the long run."""
    from freshbits.dynamics.fresh import fresh_limit, fresh_rows_for

    n, share = _kept(loop), loop.train.fresh
    if loop.train.pool == "accumulate":
        return _not_judged("LOOP_REGIME", "an accumulating pool is not projected with fresh rows", None)
    rows = n * share
    kept = float(fresh_limit(n, share))
    more = float(fresh_rows_for(0.9))
    return replace(
        _empty(loop, n),
        form="resampling with migration (island model), in the long run",
        binding_risk="none" if kept >= 0.5 else "variety of all answers",
        reason="accuracy is not projected: it goes towards that of the fresh rows",
        numbers={"kept": n, "fresh_rows": rows, "variety_in_the_end": kept},
        advice=[]
        if rows >= more
        else [f"{rows:.2g} fresh rows per prompt and round; {more:.2g} keep 90 % of their variety, whatever the share"],
    )


def _empty(loop: Loop, kept: int) -> Projection:
    from freshbits.results import Projection

    train = loop.train
    situation = {"keep": kept, "prompts": _prompts(loop), "fresh": train.fresh, "pool": train.pool}
    return Projection(status="judged", situation={**situation, "method": train.method, "rounds": train.rounds})


def _estimate(value: float | None, unit: str, loop: Loop) -> Estimate:
    """Returns an expectation over loops, of which no interval is claimed."""
    from freshbits.results import Estimate

    return Estimate(value, None, None, 0.9, unit, DRIFT, _prompts(loop), 0)


def _channel(signal: Signal) -> tuple[Any, Any]:
    if signal.kind == "random":
        share = 0.5 if signal.random is True else signal.random
        return share, share
    if signal.kind in OWN:
        return 1.0, 1.0
    return signal.tpr, signal.fpr


def _base(loop: Loop) -> Any:
    from freshbits.forecasting import parse_base

    given = loop.model.base_rate
    return parse_base(given) if isinstance(given, str) else given


def _kept(loop: Loop) -> int:
    return min(loop.train.keep or loop.train.samples, loop.train.samples)


def _full(loop: Loop, tpr: Any, fpr: Any) -> bool:
    """Tells whether as many rows are kept as are asked for: all of them, or fewer than are accepted on average."""
    from freshbits.dynamics.verdicts import base

    if loop.train.method == "self":
        return True
    if loop.train.keep is None:
        return False
    right, wrong = (each[0] if isinstance(each, list) else each for each in (tpr, fpr))
    rates, weights = base(_base(loop))
    first = float(rates @ weights)
    return bool(loop.train.samples * (first * right + (1 - first) * wrong) >= loop.train.keep)


def _prompts(loop: Loop) -> int:
    size = loop.task.size or 100
    return loop.train.prompts or max(round(size * (1 - loop.task.held_out)), 1)


def _not_judged(code: str, reason: str, needs: str | None) -> Projection:
    from freshbits.results import Projection

    return Projection(status="not_judged", code=code, reason=reason, needs=needs, situation={})
