"""freshbits: says in bits what a generation-training loop takes in.

`import freshbits as fb` loads nothing but the version; everything else is imported when used:
`fb.read`, `fb.score`, `fb.audit`, `fb.compare`, `fb.forecast`, `fb.check`, `fb.run`, `fb.label`, `fb.page`.
"""

from __future__ import annotations

from freshbits.version import __version__

TYPE_CHECKING = False  # `typing` itself would be most of the cost of this module
if TYPE_CHECKING:
    from freshbits.auditing import audit
    from freshbits.compared import Comparison
    from freshbits.comparing import compare
    from freshbits.errors import FreshbitsError, InputError
    from freshbits.forecasting import forecast
    from freshbits.loop.checking import check
    from freshbits.loop.declare import Loop
    from freshbits.loop.run import run
    from freshbits.planning import plan
    from freshbits.remedies.allocate import allocate
    from freshbits.remedies.allocator import Allocator
    from freshbits.remedies.control import control
    from freshbits.remedies.label import label
    from freshbits.remedies.rebalance import rebalance
    from freshbits.remedies.select import select
    from freshbits.report.terminal import page
    from freshbits.results import Audit, Estimate
    from freshbits.rollouts.log import Log
    from freshbits.rollouts.options import ReadOptions
    from freshbits.rollouts.read import read
    from freshbits.signals.scoring import score

__all__ = [
    "Allocator",
    "Audit",
    "Comparison",
    "Estimate",
    "FreshbitsError",
    "InputError",
    "Log",
    "Loop",
    "ReadOptions",
    "__version__",
    "allocate",
    "audit",
    "check",
    "compare",
    "control",
    "forecast",
    "label",
    "page",
    "plan",
    "read",
    "rebalance",
    "run",
    "score",
    "select",
]

_HOMES = {
    "Allocator": "freshbits.remedies.allocator",
    "Audit": "freshbits.results",
    "Comparison": "freshbits.compared",
    "Estimate": "freshbits.results",
    "FreshbitsError": "freshbits.errors",
    "InputError": "freshbits.errors",
    "Log": "freshbits.rollouts.log",
    "Loop": "freshbits.loop.declare",
    "ReadOptions": "freshbits.rollouts.options",
    "allocate": "freshbits.remedies.allocate",
    "audit": "freshbits.auditing",
    "check": "freshbits.loop.checking",
    "compare": "freshbits.comparing",
    "control": "freshbits.remedies.control",
    "forecast": "freshbits.forecasting",
    "label": "freshbits.remedies.label",
    "page": "freshbits.report.terminal",
    "plan": "freshbits.planning",
    "read": "freshbits.rollouts.read",
    "rebalance": "freshbits.remedies.rebalance",
    "run": "freshbits.loop.run",
    "score": "freshbits.signals.scoring",
    "select": "freshbits.remedies.select",
}


def __getattr__(name: str) -> object:
    """Imports a public name when it is first used, so that `import freshbits` stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module 'freshbits' has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
