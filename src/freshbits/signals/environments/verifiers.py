"""Environments of the package `verifiers`, played turn by turn.

https://github.com/PrimeIntellect-ai/verifiers. Its data set gives the prompts, its own code the answers, and its own
reward functions the reward and its parts. Both generations of the package are played: those with `load_environment`
and `MultiTurnEnv` (0.1), and those with task sets, agents and episodes (`verifiers.v1`; there we stand in the agent's
place, without its program and its machine).

It runs in a process of its own, guarded as `signals.worker` says: killed when it hangs, limited in memory and in
the files it writes. The interpreter may be another one (`python`), because the package asks for other versions of
libraries than trainers do. The environment is code that you installed and is trusted as such. What the model writes
reaches it as text: environments that hand tools or a machine to the model are refused here.
"""

from __future__ import annotations

import itertools
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from freshbits.errors import InputError
from freshbits.rollouts.messages import message_text
from freshbits.signals.environments.environment import EnvironmentFaultError, Outcome, Start, Step
from freshbits.signals.worker import Worker

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping, Sequence

PYTHON = "FRESHBITS_VERIFIERS_PYTHON"  # names an interpreter that has the package, where this one has not
HOST = Path(__file__).with_name("verifiers_host.py")
WRITES = 1 << 20  # bytes of a file: `datasets` asks for a folder that can be written to
OPTIONS = ("python", "path", "seconds", "truth", "args")


@dataclass(frozen=True)
class Verifiers:
    """Plays an installed environment of the package `verifiers`.

    What counts as success is the part of the reward that `truth` names, where it is 1; without it the whole reward,
    where it is 1 or more.

    Attributes:
        id: the environment's name there.
        args: passed to it.
        python: interpreter that has the package; this one where empty.
        path: folder in which the environment's module lies, where it is not installed.
        seconds: the longest that one answer may take.
        truth: part of the reward that says whether an episode succeeded.
    """

    id: str
    args: Mapping[str, Any] = field(default_factory=dict)
    python: str = ""
    path: str = ""
    seconds: float = 30.0
    truth: str = ""
    _worker: Worker = field(init=False, repr=False, compare=False)
    _numbers: Any = field(init=False, repr=False, compare=False)
    _drawn: list[tuple[int, int]] = field(default_factory=list, init=False, repr=False, compare=False)

    origin: ClassVar[str] = "external"
    longest: ClassVar[int | None] = None
    turns: ClassVar[int | None] = None

    def __post_init__(self) -> None:
        setup = {"load": self.id, "args": dict(self.args)}
        python = self.python or os.environ.get(PYTHON) or sys.executable
        path = (str(Path(self.path).resolve()),) if self.path else ()
        made = Worker(f"{HOST}:answered", self.seconds, setup, python, path, WRITES)
        object.__setattr__(self, "_worker", made)
        object.__setattr__(self, "_numbers", itertools.count())

    @classmethod
    def from_options(cls, name: str, options: Mapping[str, Any]) -> Verifiers:
        """Makes the environment as a loop's `options` say.

        Raises:
            InputError: an unknown option, or one of the wrong kind.
        """
        for key, value in options.items():
            if key not in OPTIONS:
                raise InputError(
                    f"verifiers:{name} has no option {key!r}",
                    mend=f"it has {', '.join(OPTIONS)}; what the environment itself takes goes into args",
                )
            kinds = {"args": dict, "seconds": (int, float)}.get(key, str)
            if not isinstance(value, kinds):  # type: ignore[arg-type]
                raise InputError(f"{key}: {value!r} cannot be read", mend="see docs/environments.md")
        return cls(name, **options)

    @property
    def name(self) -> str:
        """Name of the environment."""
        return f"verifiers:{self.id}"

    def starts(self, size: int, seed: int) -> Sequence[Start]:
        """Draws rows of its data set.

        Raises:
            InputError: if the package or the environment cannot be loaded.
        """
        outcome = self._worker.run([{"starts": True, "size": size, "seed": seed}])[0]
        if outcome.fault:
            gone = "No module named 'verifiers'" in outcome.fault or "PackageNotFound" in outcome.fault
            raise InputError(
                f"the environment {self.id} cannot be loaded ({outcome.fault})",
                mend=f"install verifiers, or name an interpreter that has it: {PYTHON}=…/bin/python"
                if gone
                else "install it beside verifiers, or say where its module lies: options: {path: FOLDER}",
            )
        self._drawn.append((size, seed))
        return [
            Start(each["key"], message_text(each["messages"]), each["region"], each["answer"]) for each in outcome.value
        ]

    def reset(self, start: Start, seed: int) -> Asked:
        """Begins an episode; the environment draws nothing that its row does not say, so the seed is not used."""
        episode = Asked(self, start, next(self._numbers), seed)
        episode.ask("reset")
        return episode

    def demonstrate(self, start: Start, seed: int, rng: random.Random) -> None:
        """Returns None: it knows no successful episodes."""

    def ask(self, request: dict[str, Any]) -> Any:
        """Hands one request to the environment's process; a process that was begun anew draws its rows again.

        Raises:
            EnvironmentFaultError: if it takes too long, ends, or says that it failed.
        """
        outcome = self._worker.run([request])[0]
        if outcome.fault.startswith("KeyError") and self._drawn:
            size, seed = self._drawn[-1]
            self._worker.run([{"starts": True, "size": size, "seed": seed}])
            outcome = self._worker.run([request])[0]
        if outcome.fault:
            raise EnvironmentFaultError(outcome.fault)
        return outcome.value


class Asked:
    """Is one episode; the environment itself lives in another process."""

    def __init__(self, environment: Verifiers, start: Start, number: int, seed: int) -> None:
        self.observation = start.prompt
        self._environment = environment
        self._about = {"key": start.key, "seed": seed}
        self._number = str(number)
        self._said: list[str] = []
        self._heard: list[Any] = []

    def step(self, message: str) -> Step:
        """Takes one message of the model and answers it."""
        self._said.append(message)
        found = self.ask("step")
        self._heard.append(found["messages"])
        text = message_text(found["messages"]) if found["messages"] else ""
        return Step(text, found["reward"], found["done"])

    def outcome(self) -> Outcome:
        """Lets the environment judge the episode."""
        found = self.ask("outcome")
        parts: dict[str, float | None] = found["components"]
        truth, whole = self._environment.truth, found["reward"]
        if truth and truth not in parts:
            raise InputError(
                f"{self._environment.name} gives no {truth!r}", mend=f"truth: one of {', '.join(parts) or 'none'}"
            )
        score = parts[truth] if truth else whole
        return Outcome(whole, None if score is None else float(score >= 1.0), parts)

    def ask(self, what: str) -> Any:
        """Asks with all that was said and heard, so that an episode can be played again where its process is gone."""
        return self._environment.ask({what: self._number, **self._about, "said": self._said, "heard": self._heard})
