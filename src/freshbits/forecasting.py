"""The forecast by itself: of a log, or of a loop that is declared in numbers.

The module is not called `forecast`, which would hide the function `freshbits.forecast`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from freshbits.auditing import Source
    from freshbits.results import Forecast, Projection
    from freshbits.rollouts.options import ReadOptions


def forecast(
    source: Source | None = None,
    options: ReadOptions | None = None,
    *,
    horizon: int | None = None,
    target: float | None = None,
    where: str | None = None,
    progress: Callable[[str], None] | None = None,
    **declared: Any,
) -> dict[str, Forecast] | Projection:
    """Forecasts accuracy and variety: of the signals of a log, or of a loop declared in numbers.

    Args:
        source: a log, as `freshbits.audit` takes it; None for numbers.
        options: how to read it.
        horizon: the last round to forecast (of a log), or how many rounds to show (of numbers).
        target: accuracy to be reached.
        where: how to name the log in the commands that are suggested.
        progress: called with what is being done, in words.
        declared: of a loop without a log: `base_rate`, `tpr`, `fpr`, one of `keep`, `keep_total`, `samples`, and
            `prompts`, `fresh`, `pool`, `method`, `recorruption`; see `dynamics.projection.Situation`.

    Raises:
        InputError: if the log cannot be read or a number is impossible.

    >>> forecast(base_rate=0.3, tpr=0.9, fpr=0.1, keep=32, prompts=500, target=0.95).rounds_to_target.value < 3
    True
    """
    if source is None:
        return of_numbers(target=target, **({} if horizon is None else {"rounds": horizon}), **declared)
    if declared:
        raise TypeError(f"a log is not declared: {', '.join(sorted(declared))}")
    return of_log(source, options, horizon=horizon, target=target, where=where, progress=progress)


def of_numbers(**declared: Any) -> Projection:
    """Projects a loop that is declared in numbers; see `forecast`.

    >>> of_numbers(base_rate=0.1, keep=8, method="grpo").code
    'FORECAST_NO_STEP'
    """
    from freshbits.dynamics.projection import project
    from freshbits.dynamics.situation import Situation
    from freshbits.errors import InputError

    unknown = set(declared) - set(Situation.__dataclass_fields__)
    if unknown or "base_rate" not in declared:
        problem = f"a loop has no {sorted(unknown)[0]}" if unknown else "a loop without a log needs its base rate"
        raise InputError(problem, mend=f"it has {', '.join(Situation.__dataclass_fields__)}")
    return project(Situation(**declared))


def of_log(
    source: Source,
    options: ReadOptions | None = None,
    *,
    horizon: int | None = None,
    target: float | None = None,
    where: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Forecast]:
    """Forecasts every signal of a log; see `forecast`."""
    from threadpoolctl import threadpool_limits

    from freshbits.auditing import gather
    from freshbits.criteria.forecast import forecast as judged
    from freshbits.criteria.ungrouped import no_forecast

    log, evidence, _ = gather(source, options, where=where, progress=progress, texts=False)
    if evidence.made is not None:
        return {signal: no_forecast() for signal in log.signals}
    with threadpool_limits(limits=1):
        return {signal: judged(evidence, signal, horizon=horizon, target=target) for signal in log.signals}


def parse_rate(text: str) -> float | tuple[float, float, float]:
    """Reads `.9`, or `.9:.85:.94` for a rate with its 90 % interval.

    >>> parse_rate(".9:.85:.94")
    (0.9, 0.85, 0.94)
    """
    parts = _numbers(text.split(":"), text)
    if len(parts) == 1:
        return parts[0]
    if len(parts) == 3:
        return parts[0], parts[1], parts[2]
    raise _unreadable(text, "write VALUE, or VALUE:LOW:HIGH")


def parse_base(text: str) -> float | tuple[str, float, float] | list[float]:
    """Reads `.05`, `.1,.2,.4` or `beta:1,3`.

    >>> parse_base("beta:1,3"), parse_base(".1,.3")
    (('beta', 1.0, 3.0), [0.1, 0.3])
    """
    named = text.startswith("beta:")
    parts = _numbers(text.removeprefix("beta:").split(","), text)
    if named:
        if len(parts) != 2:
            raise _unreadable(text, "write beta:a,b")
        return "beta", parts[0], parts[1]
    return parts[0] if len(parts) == 1 else parts


def _numbers(parts: list[str], text: str) -> list[float]:
    try:
        return [float(part) for part in parts]
    except ValueError:
        raise _unreadable(text, "write a number such as 0.05") from None


def _unreadable(text: str, mend: str) -> Exception:
    from freshbits.errors import InputError

    return InputError(f"{text!r} is no rate", mend=mend)
