"""Runs model-written code behind a wall, and trusts nothing that comes back but data.

`Sandbox.load` gives a `Jail` whose functions are called with data and answer with data; expected values never enter
it. `Sandbox.run` runs a program on text. `same` compares on the trusted side.
"""

from __future__ import annotations

from freshbits.signals.sandbox.codec import UnsupportedError
from freshbits.signals.sandbox.comparison import same
from freshbits.signals.sandbox.jail import Jail
from freshbits.signals.sandbox.limits import Limits
from freshbits.signals.sandbox.replies import Output, Reply
from freshbits.signals.sandbox.sandbox import Sandbox
from freshbits.signals.sandbox.unavailable import SandboxUnavailableError

__all__ = ["Jail", "Limits", "Output", "Reply", "Sandbox", "SandboxUnavailableError", "UnsupportedError", "same"]
