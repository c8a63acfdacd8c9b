"""Tests run in the candidate's own process: only where they cannot be told apart, and only where a person allows it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from freshbits.signals.suites.result import Result

if TYPE_CHECKING:
    from freshbits.signals.sandbox import Sandbox
    from freshbits.signals.suites.shape import Checks
    from freshbits.signals.suites.subject import Allowance

_HEAD = """
import sys as _fb_sys
_fb_marks = {}
class __unit__:
    def __init__(self, unit): self.unit = unit
    def __enter__(self): pass
    def __exit__(self, kind, problem, trace):
        _fb_marks[self.unit] = "0" if problem else "1"
        return True
def __in_place__(function): return function
_fb_say = _fb_sys.stdout.write
"""


def run_beside(suite: Checks, sandbox: Sandbox, allowance: Allowance) -> Result:
    """Runs tests whose setup is the candidate's program, still in a jail; a WEAK verdict.

    The candidate can read the tests, change what they call, and print a verdict of its own: whoever trains on this
    must expect to be cheated. A nonce guards against accidents only.
    """
    nonce = secrets.token_hex(8)
    entry = suite.entry or (suite.names[0] if suite.names else "")
    lines = [suite.setup, _HEAD, f"candidate = {entry}" if entry else "", suite.body]
    for unit, test in enumerate(suite.tests):
        lines.append(f"with __unit__({unit}):\n    exec({test!r}, dict(globals()))")
    for number, call in enumerate(suite.calls):
        lines.append(call if suite.whole else f"with __unit__({len(suite.tests) + number}):\n    {call}")
    lines.append(f'_fb_say("\\n{nonce} " + "".join(_fb_marks.get(unit, "-") for unit in range({len(suite)})) + "\\n")')
    output = sandbox.run("\n".join(lines), limits=allowance.limits(allowance.time))
    result = Result.of(len(suite))
    if output.status == "fault":
        result.unscored = f"the sandbox failed: {output.error}"
        return result
    said = [line.split() for line in output.stdout.splitlines() if line.startswith(nonce)]
    if output.status != "ok" or not said or len(said[-1]) != 2:
        result.note(0, "0", output.status if output.status != "ok" else "died", output.error)
        return result
    for unit, mark in enumerate(said[-1][1][: len(suite)]):
        result.note(unit, mark if mark in "01" else "-", "wrong" if mark == "0" else "")
    return result
