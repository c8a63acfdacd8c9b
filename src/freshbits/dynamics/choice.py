"""Chooses a form by backtest: every form forecasts the log's later rounds from its earlier ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.dynamics import forms
from freshbits.dynamics.misfit import misfit
from freshbits.dynamics.tolerance import tolerance

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from freshbits.dynamics.forms import Band, Course
    from freshbits.dynamics.panel import Panel

    Array = NDArray[np.float64]
    Form = Callable[[Panel, NDArray[np.int64]], Course]

MOST_PROMPTS = 2000  # a fit to more prompts costs time and says little more
MOST_PREFIXES = 2
WRONG = 3.0  # standard errors off: by chance once in 370
MATERIAL = 0.5  # of the tolerance; smaller misses do no harm
IMPOSSIBLE = 1e-3  # p-value below which one law for all prompts is refuted
PREFERRED = 1.5  # a law is kept while no curve fits the backtest this much better


@dataclass(frozen=True)
class Tested:
    """Holds one forecast that was tested: a quantity of a round, forecast from the rounds up to `since`."""

    form: str
    since: int
    round: int
    quantity: str
    forecast: float
    low: float
    high: float
    seen: float
    sure: float

    @property
    def refutes(self) -> bool:
        """Tells whether the form was materially wrong, by more than chance and its own interval allow."""
        off = abs(self.forecast - self.seen)
        width = (self.high - self.low) / (2 * forms.NORMAL)
        return bool(off > WRONG * np.hypot(width, self.sure) and off > MATERIAL * float(tolerance(self.seen)))


@dataclass(frozen=True)
class Choice:
    """Holds the form chosen (None where the backtest refutes all), and everything that was tested."""

    course: Course | None
    tested: tuple[Tested, ...]
    refuted: tuple[str, ...]


def choose(panel: Panel, ahead_rounds: NDArray[np.int64], among: dict[str, Form] | None = None) -> Choice:
    """Chooses the form that forecasts a log, by how well each foresees the log's own later rounds.

    Every form is fitted to the first rounds and asked for the rest (from three rounds on where there are more than
    three, else from two). A form that is materially wrong by more than 3 standard errors on any is out. Of the
    others the operator stays unless a curve halves its error; curves need four rounds.

    Args:
        panel: counts of the same prompts over rounds.
        ahead_rounds: rounds ahead of the last logged one to forecast.
        among: forms to choose from.
    """
    panel = thinned(panel)
    found = among or default(panel)
    tested = tuple(
        test for prefix in prefixes(panel) for form in found.values() for test in _tests(form, panel, prefix)
    )
    refuted = tuple(name for name in found if any(test.refutes for test in tested if test.form == name))
    left = {name: _loss(tested, name) for name in found if name not in refuted}
    if not left:
        return Choice(None, tested, refuted)
    best = min(left, key=lambda name: left[name])
    first = next(iter(found))
    if first in left and left[first] <= PREFERRED * left[best] + 0.1:
        course = found[first](panel, ahead_rounds)
        chance = None if course.fitted is None else misfit(course.fitted.best, course.fitted.counts)
        if chance is None or chance >= IMPOSSIBLE:
            return Choice(course, tested, refuted)
        refuted = (*refuted, first)
        del left[first]
        if not left:
            return Choice(None, tested, refuted)
        best = min(left, key=lambda name: left[name])
    return Choice(found[best](panel, ahead_rounds), tested, refuted)


def default(panel: Panel) -> dict[str, Form]:
    """Returns the forms that so many rounds can tell apart; the operator first."""
    found: dict[str, Form] = {"resampling and selection": forms.operator}
    if panel.rounds.size >= 4:
        found["exponential to a plateau"] = forms.exponential
        found["power law"] = forms.power
    found["last value"] = forms.last
    return found


def prefixes(panel: Panel) -> list[int]:
    """Returns how many first rounds each backtest starts from, the fewest first.

    >>> from freshbits.dynamics.panel import Panel
    >>> some = np.zeros((1, 8), dtype=np.int64)
    >>> prefixes(Panel(np.arange(8), some, some)), prefixes(Panel(np.arange(3), some[:, :3], some[:, :3]))
    ([3, 5], [2])
    """
    rounds = panel.rounds.size
    if rounds < 3:
        return []
    first = 3 if rounds > 3 else 2
    return sorted({first, max(first, (first + rounds) // 2)} if rounds > first + 1 else {first})[:MOST_PREFIXES]


def thinned(panel: Panel) -> Panel:
    """Returns at most 2,000 prompts, evenly spaced."""
    prompts = panel.n.shape[0]
    if prompts <= MOST_PROMPTS:
        return panel
    return panel.where(np.linspace(0, prompts - 1, MOST_PROMPTS).astype(np.int64))


def _tests(form: Form, panel: Panel, prefix: int) -> list[Tested]:
    early = panel.until(prefix)
    course = form(early, panel.rounds[prefix:] - panel.rounds[prefix - 1])
    found = _one("accuracy", course, course.accuracy, panel.accuracy(), panel, prefix)
    seen = panel.diversity()
    if course.diversity is not None and seen is not None:
        found += _one("diversity", course, course.diversity, seen, panel, prefix)
    return found


def _one(
    quantity: str, course: Course, band: Band, seen: tuple[Array, Array], panel: Panel, prefix: int
) -> list[Tested]:
    return [
        Tested(
            course.form,
            int(panel.rounds[prefix - 1]),
            int(panel.rounds[prefix + i]),
            quantity,
            float(band.value[i]),
            float(band.low[i]),
            float(band.high[i]),
            float(seen[0][prefix + i]),
            float(seen[1][prefix + i]),
        )
        for i in range(panel.rounds.size - prefix)
    ]


def _loss(tested: tuple[Tested, ...], name: str) -> float:
    off = [abs(t.forecast - t.seen) / float(tolerance(t.seen)) for t in tested if t.form == name]
    return float(np.mean(off)) if off else 0.0
