"""Candidates that are wrong on purpose are never rewarded; honest ones get what they deserve."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from benchmarks.sandbox.candidates import BOMBS, CASES, HACKS, HONEST_RIGHT, HONEST_WRONG, rewarded

from freshbits.signals.sandbox import Limits, Sandbox, same

pytestmark = pytest.mark.sandbox

SLOW = {"sleeps", "ignores signals"}  # stopped by the limits of the load, one second and more each


@pytest.mark.parametrize("name", HONEST_RIGHT)
def test_an_honest_right_candidate_is_rewarded(sandbox, name):
    assert rewarded(sandbox, HONEST_RIGHT[name], wall_s=20.0) == (1.0, "")


@pytest.mark.parametrize("name", HONEST_WRONG)
def test_an_honest_wrong_candidate_is_not(sandbox, name):
    assert rewarded(sandbox, HONEST_WRONG[name], wall_s=0.2)[0] == 0.0


@pytest.mark.parametrize("name", [name for name in HACKS if name not in SLOW])
def test_a_hack_is_not_rewarded(sandbox, name):
    assert rewarded(sandbox, HACKS[name], wall_s=0.2)[0] == 0.0


@pytest.mark.parametrize("name", sorted(SLOW))
def test_a_hack_that_will_not_end_is_ended(sandbox, name):
    with sandbox.load(HACKS[name], limits=Limits(cpu_s=0.3, wall_s=0.6)) as jail:
        assert jail.loaded.status == "timeout"


def test_the_harness_would_reward_the_hacks_that_it_could_be_fooled_by():
    # What a comparison beside the candidate, or of exit codes, would have said: the hacks are no dummies.
    space: dict = {}
    exec(HACKS["int equal to all"], space)
    assert all(space["solve"](numbers) == expected for numbers, expected in CASES)
    assert not any(same(space["solve"](numbers), expected) for numbers, expected in CASES)


def test_bombs_among_honest_candidates_change_no_verdict(level):
    sources = [HONEST_RIGHT["plain"], HONEST_WRONG["off by one"]] * 40
    for place, bomb in zip((5, 30, 60), BOMBS.values(), strict=True):
        sources[place] = bomb
    with Sandbox(level, workers=2, limits=Limits(cpu_s=2.0, wall_s=30.0)) as sandbox, ThreadPoolExecutor(4) as pool:
        verdicts = list(pool.map(lambda source: rewarded(sandbox, source, wall_s=30.0)[0], sources))
    expected = [1.0, 0.0] * 40
    expected[30] = expected[60] = 0.0
    assert verdicts == expected
