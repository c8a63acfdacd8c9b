"""A sandbox at each level that this machine offers; a level that is not there is skipped with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from freshbits.signals.sandbox import Limits, Sandbox
from freshbits.signals.sandbox.selfcheck import LEVELS, why_not

if TYPE_CHECKING:
    from collections.abc import Iterator

QUICK = Limits(cpu_s=2.0, wall_s=20.0, memory_mb=256)  # by the clock for a machine that is busy with other things


@pytest.fixture(params=LEVELS, scope="session")
def level(request: pytest.FixtureRequest) -> str:
    problem = why_not(request.param)
    # A wall that is there but does not hold is a failure, not a level that this machine lacks.
    assert "does not hold" not in problem, problem
    if problem:
        pytest.skip(f"{request.param}: {problem}")
    return str(request.param)


@pytest.fixture(scope="session")
def sandbox(level: str) -> Iterator[Sandbox]:
    with Sandbox(level, workers=2, limits=QUICK) as made:
        assert made.level == level
        yield made
