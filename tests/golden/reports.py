"""The logs whose whole report is pinned, and the command that records the reports anew.

    python -m tests.golden.reports      (or: make golden)

Recording is a separate step from testing: a changed report is read and explained before it is committed.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import freshbits as fb
from freshbits.worlds.demo import main as write_demo

HERE = Path(__file__).parent
FIXTURES = HERE.parent / "fixtures" / "rollouts"
LOGS = (
    "trl/plain",
    "trl/repeated",
    "trl/chat",
    "verl_v0",
    "verl_v1",
    "prime_rl",
    "verifiers_results",
    "verifiers_v1",
    "lm_eval",
)
DRAWN = "demo"


def golden(name: str) -> Path:
    """Returns the file that pins the report of a log."""
    return HERE / f"{name.replace('/', '_')}.json"


def report(name: str) -> str:
    """Audits a fixture, or the drawn demo log, and returns the report's JSON."""
    if name != DRAWN:
        return fb.audit(FIXTURES / name, where="LOG").dumps()
    with tempfile.TemporaryDirectory() as folder:
        write_demo([folder])
        return fb.audit(folder, where="LOG").dumps()


def main() -> None:
    """Records every report."""
    for name in (*LOGS, DRAWN):
        golden(name).write_text(report(name), encoding="utf-8")
        print(golden(name).name)


if __name__ == "__main__":
    main()
