"""Environments of the package verifiers, both generations, through another interpreter where this one has none."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import pytest

from freshbits.errors import InputError
from freshbits.signals.environments.play import Message, play
from freshbits.signals.environments.verifiers import PYTHON, Verifiers

MODULES = Path(__file__).parents[3] / "examples" / "environments"
CASES = ("hidden_number", "hidden_number_v1")


@lru_cache
def interpreter(case: str) -> str | None:
    """Returns an interpreter with the generation of verifiers that a module needs; None where there is none."""
    inside = "verifiers.v1" if case.endswith("v1") else "verifiers.envs"
    for name in (sys.executable, *os.environ.get(PYTHON, "").split(os.pathsep)):
        code = (
            f"import importlib.util as u; raise SystemExit(not (u.find_spec('verifiers') and u.find_spec({inside!r})))"
        )
        if name and subprocess.run([name, "-c", code], check=False, capture_output=True).returncode == 0:
            return name
    return None


def needs(case: str) -> str:
    found = interpreter(case)
    if found is None:
        pytest.skip(f"no interpreter with the verifiers that {case} needs (name some in {PYTHON})")
    return found


def halving(played, live):
    found = []
    for at in live:
        low = int(played[at].start.prompt[:2][::-1])
        high = low + 14
        for message, answer in zip(played[at].messages, played[at].observations, strict=True):
            number = int(message[::-1])
            low, high = (number + 1, high) if answer == "+" else (low, number - 1)
        found.append(Message(f"{(low + high) // 2:02d}"[::-1]))
    return found


@pytest.mark.parametrize("case", CASES)
def test_its_data_set_asks_its_code_answers_and_its_rewards_judge(case):
    environment = Verifiers(case, python=needs(case), path=str(MODULES), truth="found")
    starts = environment.starts(6, seed=1)
    assert len({start.prompt for start in starts}) == 6
    assert [start.prompt for start in environment.starts(6, seed=1)] == [start.prompt for start in starts]
    for each in play(environment, starts, [0] * 6, halving, turns=4):
        assert (each.fault, each.success, each.done, each.truncated) == ("", 1.0, True, False)
        assert each.reward == pytest.approx(1.1)
        assert (each.components["found"], each.components["numbers"]) == (1.0, 1.0)
        assert set(each.observations[:-1]) <= {"+", "-"}
    (lost,) = play(environment, starts[:1], [0], lambda _, live: [Message("x")] * len(live), turns=2)
    assert (lost.reward, lost.success, lost.truncated, lost.observations) == (0.0, 0.0, True, ["~", "~"])
    # A process that is gone takes no episode with it: what was said is said again.
    begun = environment.reset(starts[0], 0)
    first = begun.step("00")
    environment._worker.close()
    second = begun.step("00")
    assert (first.observation, second.observation) == ("+", "+")
    assert begun.outcome().reward == pytest.approx(0.1)


SLOW = """
import time

import verifiers as vf
from datasets import Dataset


class Slow(vf.MultiTurnEnv):
    async def env_response(self, messages, state, **kwargs):
        if messages[-1]["content"] == "hang":
            while True:
                pass
        return [{"role": "user", "content": "go on"}]


def broken(completion, **kwargs):
    if completion[-1]["content"] == "break":
        raise KeyError("no such thing")
    return 1.0


def load_environment():
    rows = [{"prompt": [{"role": "user", "content": f"q{n}"}], "answer": ""} for n in range(3)]
    return Slow(dataset=Dataset.from_list(rows), rubric=vf.Rubric(funcs=[broken]), max_turns=2)
"""


def test_what_hangs_or_breaks_is_unscored_where_the_package_itself_would_write_0(tmp_path):
    python = needs("hidden_number")
    (tmp_path / "slow_env.py").write_text(SLOW)
    environment = Verifiers("slow_env", python=python, path=str(tmp_path), seconds=1.0)
    starts = environment.starts(3, 0)
    said = {"q0": "fine", "q1": "hang", "q2": "break"}

    def writes(played, live):
        return [Message(said[played[at].start.prompt]) for at in live]

    played = {each.start.prompt: each for each in play(environment, starts, [0] * 3, writes)}
    assert (played["q0"].reward, played["q0"].fault) == (1.0, "")
    assert played["q1"].reward is None
    assert "longer than 1 s" in played["q1"].fault
    assert played["q2"].reward is None
    assert "KeyError" in played["q2"].fault


def test_an_environment_that_is_not_there_is_refused_with_what_to_do():
    if importlib.util.find_spec("verifiers") is None:
        with pytest.raises(InputError, match="install verifiers, or name an interpreter that has it"):
            Verifiers("hidden_number", python=sys.executable).starts(2, 0)
    python = needs("hidden_number")
    with pytest.raises(InputError, match="cannot be loaded"):
        Verifiers("no_such_environment", python=python).starts(2, 0)
