"""Lets a result show itself in a notebook: the report, which results know nothing of, is found when it is asked for.

Results stand left of every other room and the report right of all of them, so the one is not imported by the other:
its module is looked up by name, at the moment of showing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_BRIEF = "freshbits.report.html.brief"
_PLOTS = "freshbits.report.charts.plots"


class Shown:
    """Gives a result its page in a notebook."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        """Returns a compact page: the verdict, the answers and the pictures; no script."""
        return str(import_module(_BRIEF).brief(self))


class Plotted(Shown):
    """Gives a result its page in a notebook, and its pictures as Altair charts."""

    __slots__ = ()

    @property
    def plot(self) -> Any:
        """The pictures of the page as Altair charts: `audit.plot.contrast()`; `audit.plot.names()` lists them."""
        return import_module(_PLOTS).Plots(self)
