"""The pictures of a result as Altair charts, to be looked at and changed in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freshbits.compared import Comparison
from freshbits.errors import InputError
from freshbits.report.charts import against, ahead, carried, spent

if TYPE_CHECKING:
    from freshbits.report.charts.picture import Picture
    from freshbits.results import Audit

WIDTH = 680


class Plots:
    """Gives the pictures of an audit or a comparison as Altair charts.

    Each method draws one picture; those about one signal take its name, else the first signal. A picture that the
    result has nothing for is an InputError that says so.

    >>> from freshbits.compared import Comparison
    >>> Plots(Comparison(compare=[], basis="task_bits", warnings=[], notes=[])).names()
    ['compared']
    """

    def __init__(self, result: Audit | Comparison) -> None:
        self._result = result

    def names(self) -> list[str]:
        """Lists the pictures that this result may have."""
        if isinstance(self._result, Comparison):
            return ["compared"]
        return [
            "contrast", "base_rates", "dead_groups", "openness", "channel", "strata", "pressure", "efficiency",
            "ladder", "pass_at", "forecast", "race", "gained",
        ]  # fmt: skip

    def contrast(self, width: int = WIDTH) -> Any:
        """Draws contrast bits per rollout, over rounds where there are several."""
        return _chart(carried.contrast(self._audit), width)

    def base_rates(self, width: int = WIDTH) -> Any:
        """Draws mean verdicts or scores, over rounds where there are several."""
        return _chart(carried.base_rates(self._audit), width)

    def dead_groups(self, width: int = WIDTH) -> Any:
        """Draws the share of groups without contrast."""
        return _chart(carried.dead_groups(self._audit), width)

    def openness(self, signal: str | None = None, width: int = WIDTH) -> Any:
        """Draws what a signal says beyond the model's own state, beside its controls."""
        name = self._named(signal)
        return _chart(against.openness(self._audit.openness[name], name), width)

    def channel(self, width: int = WIDTH) -> Any:
        """Draws TPR and FPR of every signal."""
        return _chart(against.channel(self._audit), width)

    def strata(self, signal: str | None = None, width: int = WIDTH) -> Any:
        """Draws TPR and FPR by stratum, the worst one marked."""
        name = self._named(signal)
        return _chart(against.strata(self._audit.channel[name], name), width)

    def pressure(self, signal: str | None = None, width: int = WIDTH) -> Any:
        """Draws truth under the best of n, with its peak."""
        name = self._named(signal)
        return _chart(against.pressure(self._audit.channel[name], name), width)

    def efficiency(self, width: int = WIDTH) -> Any:
        """Draws task bits beside all contrast bits."""
        return _chart(spent.efficiency(self._audit), width)

    def ladder(self, signal: str | None = None, width: int = WIDTH) -> Any:
        """Draws what one rollout could tell, rung by rung."""
        name = self._named(signal)
        return _chart(spent.ladder(self._audit.efficiency[name], name), width)

    def pass_at(self, width: int = WIDTH) -> Any:
        """Draws the chance that one of k tries passes."""
        return _chart(spent.pass_at(self._audit), width)

    def forecast(self, signal: str | None = None, width: int = WIDTH) -> Any:
        """Draws the rounds that exist and the fan of what is expected."""
        name = self._named(signal)
        return _chart(ahead.fan(self._audit.forecast[name], name), width)

    def race(self, signal: str | None = None, width: int = WIDTH) -> Any:
        """Draws what a signal goes with inside a prompt."""
        name = self._named(signal)
        unit = "pair" if self._audit.log.pairs else "rollout"
        return _chart(ahead.race(self._audit.hacking[name], name, unit), width)

    def gained(self, signal: str | None = None, width: int = WIDTH) -> Any:
        """Draws where the gain of a signal's mean went."""
        name = self._named(signal)
        return _chart(ahead.gained(self._audit.hacking[name], name), width)

    def compared(self, width: int = WIDTH) -> Any:
        """Draws the signals of a comparison, best first."""
        if not isinstance(self._result, Comparison):
            raise InputError("an audit compares nothing", mend="use freshbits.compare")
        return _chart(ahead.compared(self._result), width)

    @property
    def _audit(self) -> Audit:
        if isinstance(self._result, Comparison):
            raise InputError("a comparison has one picture", mend="use .plot.compared()")
        return self._result

    def _named(self, signal: str | None) -> str:
        names = list(self._audit.budget)
        if signal is None and names:
            return names[0]
        if signal is None or signal not in names:
            raise InputError(f"there is no signal {signal!r} in the audit", mend=f"choose among {', '.join(names)}")
        return signal


def _chart(picture: Picture | None, width: int) -> Any:
    if picture is None:
        raise InputError("the result has nothing to draw here: it was not judged, or does not apply")
    try:
        import altair
    except ImportError:
        raise InputError("charts need altair", mend="pip install 'freshbits[html]'") from None
    return altair.Chart.from_dict(picture.draw(width)).properties(title=picture.title)
