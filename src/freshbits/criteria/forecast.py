"""Forecast: what will happen to accuracy and variety if the loop goes on as the log shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from freshbits.criteria.panels import ENOUGH_REPEATED, panel_of
from freshbits.dynamics.choice import choose
from freshbits.dynamics.crossing import crossing
from freshbits.dynamics.paired import paired
from freshbits.information.resampling import mean
from freshbits.results import Estimate, Forecast

if TYPE_CHECKING:
    from freshbits.criteria.inputs import Evidence
    from freshbits.dynamics.choice import Choice, Tested
    from freshbits.dynamics.forms import Band, Course
    from freshbits.dynamics.panel import Panel

AHEAD = 8  # rounds of the fit that are forecast where no horizon is asked
SURE = 0.6  # a number is shown while its chance to be within 10 % or .03 is at least this
LEVEL = 0.9
ADD = "log every round on the same prompts, 200 or more of them"


def forecast(evidence: Evidence, signal: str, *, horizon: int | None = None, target: float | None = None) -> Forecast:
    """Forecasts one signal: its accuracy and the variety of answers in the rounds to come.

    Laws are fitted to counts of the same prompts (`dynamics.fit`), a form is chosen by backtest, and a number is
    shown as far ahead as it is likely to be within 10 % or .03. Where rounds repeat prompts the change from the first
    to the last is judged as well. It assumes that the loop goes on with the same rules.

    Args:
        evidence: the counts.
        signal: the signal; where nearly all rows are labelled its accuracy is that of truth.
        horizon: the last round to forecast; 8 rounds beyond the log where None.
        target: accuracy to be reached, for `rounds_to_target`.
    """
    values = evidence.tally.values[signal]
    if not values.scored or values.kind not in ("binary", "constant"):
        return Forecast(
            status="not_judged",
            code="FORECAST_NO_VERDICT",
            reason="a forecast follows counts of accepted rollouts, and this signal is no verdict",
            needs=f"freshbits audit {evidence.where} --accept '{signal}>=THRESHOLD'" if values.scored else None,
        )
    if int(np.unique(evidence.tally.of(signal).round).size) < 2:
        return Forecast(
            status="not_judged",
            code="FORECAST_ONE_ROUND",
            reason="one round says nothing about change",
            needs="log at least three rounds of the same prompts",
        )
    panel, counted = panel_of(evidence, signal)
    if panel.repeated < ENOUGH_REPEATED:
        return Forecast(
            status="not_judged",
            code="FORECAST_NO_REPEATS",
            reason=f"prompts asked in consecutive rounds: {panel.repeated}; a fit needs {ENOUGH_REPEATED}",
            needs=ADD,
            change=change(panel),
        )
    if panel.rounds.size < 3:
        return Forecast(
            status="not_judged",
            code="FORECAST_TWO_ROUNDS",
            reason="two rounds show a change; what comes next needs three",
            needs=ADD,
            change=change(panel),
        )
    steps = _ahead(panel, horizon)
    choice = choose(panel, steps)
    if choice.course is None:
        return Forecast(
            status="not_judged",
            code="FORECAST_REFUTED",
            reason="no form foresees the log's own later rounds from its earlier ones: " + ", ".join(choice.refuted),
            needs="freshbits compare the rounds before and after what changed in the loop",
            backtest=_backtest(choice.tested, panel),
            change=change(panel),
            logged=logged(panel),
        )
    return _judged(choice, choice.course, panel, steps, counted, target)


def _ahead(panel: Panel, horizon: int | None) -> np.ndarray:
    """Returns the rounds to forecast, counted from the last logged one."""
    most = AHEAD * panel.unit if horizon is None else max(horizon - int(panel.rounds[-1]), panel.unit)
    found = np.arange(0, most + 1, panel.unit)
    return (
        found if found.size <= 60 else np.unique(np.linspace(0, most, 60).astype(np.int64) // panel.unit * panel.unit)
    )


def _judged(
    choice: Choice, course: Course, panel: Panel, steps: np.ndarray, counted: str, target: float | None
) -> Forecast:
    prompts, rollouts = panel.n.shape[0], int(panel.n.sum())
    accurate = _shown(course.accuracy)
    varied = _shown(course.diversity) if course.diversity is not None else 0
    rows: list[dict[str, Any]] = []
    for i, step in enumerate(steps):
        if i >= max(accurate, varied):
            break
        rows.append(
            {
                "round": int(panel.rounds[-1] + step),
                "accuracy": _estimate(course.accuracy, i, course.form, prompts, rollouts) if i < accurate else None,
                "diversity": _estimate(course.diversity, i, course.form, prompts, rollouts)
                if course.diversity is not None and i < varied
                else None,
            }
        )
    shared: dict[str, Any] = {
        "fit": _fit(course, counted, panel),
        "backtest": _backtest(choice.tested, panel),
        "change": change(panel),
        "logged": logged(panel),
    }
    if len(rows) < 2:
        kept = course.fitted.interval("kept")[0] if course.fitted is not None else 0.0
        wanted = max(2 * prompts, int(10000 / max(kept, 1.0)))
        return Forecast(
            status="not_judged",
            code="FORECAST_FEW_PROMPTS",
            reason=f"{prompts:,} prompts over {panel.rounds.size} rounds leave what comes next too open",
            needs=f"log more rounds, or about {wanted:,} of the same prompts in every round",
            **shared,
        )
    short = len(rows) < len(steps) or accurate < len(rows) or (course.diversity is not None and varied < len(rows))
    return Forecast(
        status="judged",
        reason="shown as far ahead as the log tells" if short else None,
        form=course.form,
        binding_risk=_risk(course),
        diversity_half_life=_half_life(course, panel, steps, prompts, rollouts),
        rounds_to_target=_to_target(course, panel, steps, target, prompts, rollouts),
        fixation=_alive(course, steps, panel, prompts, rollouts),
        trajectory=rows,
        **shared,
    )


def _shown(band: Band) -> int:
    """Returns for how many rounds a quantity is likely enough to be right."""
    unsure = np.flatnonzero(band.hit < SURE)
    return int(unsure[0]) if unsure.size else band.hit.size


def _estimate(band: Band, i: int, form: str, prompts: int, rollouts: int, unit: str = "share") -> Estimate:
    return Estimate(float(band.value[i]), float(band.low[i]), float(band.high[i]), LEVEL, unit, form, prompts, rollouts)


def _fit(course: Course, counted: str, panel: Panel) -> dict[str, Any] | None:
    """Returns the fitted numbers with their 90 % intervals; None for a curve."""
    if course.fitted is None:
        return None
    prompts, rollouts = panel.n.shape[0], int(panel.n.sum())
    found: dict[str, Any] = {}
    for name, key, unit in (
        ("n_e", "kept", "rows/prompt/round"),
        ("r", "ratio", "TPR/FPR"),
        ("fresh", "fresh", "share"),
    ):
        value, low, high = course.fitted.interval(key)
        found[name] = Estimate(value, low, high, LEVEL, unit, "likelihood of consecutive counts", prompts, rollouts)
    found["overdispersion"] = course.fitted.counts.spread
    found["kept"] = "number sampled fixed" if course.fitted.best.sampled else "number kept fixed"
    found["of"] = counted
    found["rounds"] = [int(panel.rounds[0]), int(panel.rounds[-1])]
    return found


def _backtest(tested: tuple[Tested, ...], panel: Panel) -> list[dict[str, Any]]:
    """Returns one row per form, start and round: what was forecast beside what was seen."""
    rows: dict[tuple[str, int, int], dict[str, Any]] = {}
    prompts, rollouts = panel.n.shape[0], int(panel.n.sum())
    for test in tested:
        key = (test.form, test.since, test.round)
        row = rows.setdefault(
            key, {"round": test.round, "since": test.since, "form": test.form, "seen": {}, "refutes": False}
        )
        row[test.quantity] = Estimate(test.forecast, test.low, test.high, LEVEL, "share", test.form, prompts, rollouts)
        row["seen"][test.quantity] = test.seen
        row["refutes"] = row["refutes"] or test.refutes
    return list(rows.values())


def logged(panel: Panel) -> list[dict[str, Any]]:
    """Returns accuracy and variety of the rounds that exist: what a forecast is drawn over.

    Accuracy is the mean pass rate over prompts, variety the mean share of pairs of rollouts that differ.
    """
    rows: list[dict[str, Any]] = []
    for i, number in enumerate(panel.rounds):
        n, x = panel.n[:, i], panel.x[:, i]
        several = n > 1
        rows.append(
            {
                "round": int(number),
                "accuracy": _mean(x[n > 0] / n[n > 0], n[n > 0]),
                "diversity": None
                if panel.unlike is None
                else _mean(panel.unlike[several, i] / (n[several] * (n[several] - 1)), n[several]),
            }
        )
    return rows


def _mean(values: np.ndarray, n: np.ndarray) -> Estimate | None:
    method = "mean over prompts of one round, jackknife over prompts"
    prompts = np.arange(values.size, dtype=np.uint64)
    return mean(values, prompts, unit="share", method=method, rollouts=int(n.sum()))


def change(panel: Panel) -> dict[str, Any] | None:
    """Compares the first round with the last on the prompts of both."""
    both = (panel.n[:, 0] > 0) & (panel.n[:, -1] > 0)
    if panel.rounds.size < 2:
        return None
    found = paired(panel.n[both, 0], panel.x[both, 0], panel.n[both, -1], panel.x[both, -1])
    if found is None:
        return None
    return {
        "verdict": found.verdict,
        "from": int(panel.rounds[0]),
        "to": int(panel.rounds[-1]),
        "difference": found.difference,
        "frozen": found.frozen,
        "gained": found.gained,
        "lost": found.lost,
        "p_value": found.p_value,
    }


def _risk(course: Course) -> str | None:
    """Names what goes wrong first, of what the paths show."""
    if course.paths is None:
        return None
    dead = course.paths.dead.mean(axis=0)
    accuracy = course.accuracy.value
    if accuracy[-1] < accuracy[0] - 0.02:
        return "selection favours wrong answers"
    if dead[-1] - dead[0] > 0.1 and dead[-1] > 0.5 * (1 - accuracy[-1]):
        return "drift loses the right answer before selection finds it"
    if course.diversity is not None and course.diversity.value[-1] < 0.5 * course.diversity.value[0]:
        if accuracy[-1] - accuracy[0] < 0.02:
            return "variety is lost and nothing is gained"
        return "variety is lost while accuracy rises"
    return None


def _crossing(values: np.ndarray, level: np.ndarray, unit: int) -> tuple[float | None, float | None, float | None]:
    """Returns (median, 5 %, 95 %) over laws of the round at which a path meets a level; None where it does not."""
    found = [crossing(path, aim, falling=path[0] >= aim) for path, aim in zip(values, level, strict=True)]
    ends = np.quantile(np.array(found), [0.5, 0.05, 0.95], method="nearest") * unit
    return tuple(float(end) if np.isfinite(end) else None for end in ends)  # type: ignore[return-value]


def _half_life(course: Course, panel: Panel, steps: np.ndarray, prompts: int, rollouts: int) -> Estimate | None:
    if course.paths is None or course.paths.diversity is None:
        return None
    paths = course.paths.diversity
    return _rounds(_crossing(paths, paths[:, 0] / 2, panel.unit), steps, course.form, prompts, rollouts)


def _to_target(
    course: Course, panel: Panel, steps: np.ndarray, target: float | None, prompts: int, rollouts: int
) -> Estimate | None:
    if target is None or course.paths is None:
        return None
    paths = course.paths.accuracy
    crossed = _crossing(paths, np.full(paths.shape[0], target), panel.unit)
    return _rounds(crossed, steps, course.form, prompts, rollouts)


def _rounds(
    crossed: tuple[float | None, float | None, float | None], steps: np.ndarray, form: str, prompts: int, rollouts: int
) -> Estimate:
    value, low, high = crossed
    least = float(steps[-1]) if low is None else low  # not within the horizon: a bound
    return Estimate(value, least, high, LEVEL, "rounds from the last", form, prompts, rollouts)


def _alive(course: Course, steps: np.ndarray, panel: Panel, prompts: int, rollouts: int) -> Estimate | None:
    """Returns the share of prompts whose right answer is not gone at the horizon."""
    if course.paths is None:
        return None
    alive = 1.0 - course.paths.dead[:, -1]
    low, middle, high = np.quantile(alive, [0.05, 0.5, 0.95])
    unit = f"share of prompts, round {int(panel.rounds[-1] + steps[-1])}"
    return Estimate(float(middle), float(low), float(high), LEVEL, unit, course.form, prompts, rollouts)
