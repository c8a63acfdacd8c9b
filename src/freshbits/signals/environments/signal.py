"""The signal `environment`: logged episodes scored again by the environment that they were played in."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from freshbits.errors import InputError
from freshbits.signals.environments.environment import EnvironmentFaultError, Start
from freshbits.signals.environments.guess import Guess
from freshbits.signals.environments.named import GYM, environment
from freshbits.signals.environments.verifiers import OPTIONS
from freshbits.signals.options import key_of, known, number
from freshbits.signals.signal import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freshbits.signals.environments.environment import Environment, Outcome
    from freshbits.signals.signal import Item

EVERY = 1_000_000  # prompts asked for, so that a log's are among them


@dataclass(frozen=True)
class EnvironmentSignal:
    """Plays what a log says was said again, and lets the environment judge it.

    A log of several turns needs its messages: a column `transcript` as loops write it (JSON `{key, seed, messages}`),
    or any column with a JSON list of messages with roles. Where the environment answers otherwise than the log says,
    the row is unscored: it was another environment, or it draws anew. Without messages the completion is taken for the
    only one, and the row is unscored where the environment would have gone on.

    Attributes:
        environment: its name (`guess`, `verifiers:NAME`).
        options: of that environment, as (key, JSON value) pairs.
        part: the part of the reward that is the score; "" for the whole.
        transcript: column of the messages.
        size, seed: how many of its prompts are drawn, and by what: those of the log must be among them.
    """

    environment: str
    options: tuple[tuple[str, str], ...] = ()
    part: str = ""
    transcript: str = "transcript"
    size: int = EVERY
    seed: int = 0
    _held: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    name: ClassVar[str] = "environment"
    origin: ClassVar[str] = "external"
    whole_groups: ClassVar[bool] = False
    alone: ClassVar[bool] = True  # its environment lives in one process

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> Self:
        """Makes the signal from `--option key=value`; `environment=NAME` must be there.

        Raises:
            InputError: there is no such environment, or no such option.
        """
        own = ("environment", "part", "transcript", "size", "seed")
        known(cls.name, options, (*own, "width", "turns", *OPTIONS))
        name = options.get("environment", "")
        if not name:
            raise InputError(
                "--signal environment: which one is not said",
                mend="pass --option environment=guess, or environment=verifiers:NAME",
            )
        if name.startswith(GYM):
            raise InputError(
                f"{name} has one turn and its own signal",
                mend=f"--signal reasoning_gym --option dataset={name.removeprefix(GYM)}",
            )
        rest = tuple(sorted((key, text) for key, text in options.items() if key not in own))
        made = cls(
            name,
            rest,
            options.get("part", ""),
            options.get("transcript", cls.transcript),
            int(number(options, "size", float(EVERY), positive=True)),
            int(number(options, "seed", 0.0)),
        )
        made._environment()  # refuses what is none
        return made

    @property
    def key(self) -> str:
        """Everything besides the item that a verdict depends on."""
        return key_of(self)

    @property
    def needs(self) -> tuple[str, ...]:
        """The messages, where the game hides what only they name."""
        return (self.transcript,) if self.environment == Guess.name else ()

    @property
    def wants(self) -> tuple[str, ...]:
        """Columns that it uses where the log has them."""
        return (self.transcript,)

    def score(self, items: Sequence[Item]) -> list[Verdict]:
        """Scores a batch: one verdict per item, in order."""
        return [self._one(item) for item in items]

    def _environment(self) -> Environment:
        if "environment" not in self._held:
            found = environment(self.environment, {key: _value(text) for key, text in self.options})
            if found is None:
                raise InputError(f"there is no environment {self.environment!r}", mend="write guess, or verifiers:NAME")
            self._held["environment"] = found
        made: Environment = self._held["environment"]
        return made

    def _one(self, item: Item) -> Verdict:
        spoken = _spoken(item.fields.get(self.transcript))
        said = [str(each["content"]) for each in spoken.get("messages", ()) if each.get("role") == "assistant"]
        single = not said
        start = self._start(item, spoken)
        if start is None:
            return Verdict(None, "the environment asks nothing like this prompt")
        try:
            found, why = self._replayed(start, int(spoken.get("seed", 0)), said or [item.completion], spoken, single)
        except EnvironmentFaultError as fault:
            return Verdict(None, f"the environment failed: {fault}")
        if found is None:
            return Verdict(None, why)
        if self.part and self.part not in found.components and self.part != "success":
            raise InputError(
                f"{self.environment} gives no {self.part!r}",
                mend=f"part: one of {', '.join(['success', *found.components])}",
            )
        whole = found.success if self.part == "success" else found.reward
        return Verdict(found.components.get(self.part, whole) if self.part else whole, why)

    def _replayed(
        self, start: Start, seed: int, said: Sequence[str], spoken: Mapping[str, Any], single: bool
    ) -> tuple[Outcome | None, str]:
        episode = self._environment().reset(start, seed)
        heard = _heard(spoken.get("messages", ()))
        done = False
        for turn, message in enumerate(said):
            if done:
                return None, f"the environment had ended before message {turn + 1}"
            step = episode.step(message)
            done = step.done
            if not single and turn < len(heard) and step.observation.strip() != heard[turn].strip():
                return None, f"the environment answers message {turn + 1} otherwise than the log says"
        if single and not done:
            return None, f"the environment would go on, and the log has no column {self.transcript} of messages"
        return episode.outcome(), f"{len(said)} message(s) played again"

    def _start(self, item: Item, spoken: Mapping[str, Any]) -> Start | None:
        if self.environment == Guess.name:
            return Start(str(spoken["key"]), item.prompt) if "key" in spoken else None
        if "starts" not in self._held:
            drawn = self._environment().starts(self.size, self.seed)
            self._held["starts"] = {" ".join(start.prompt.split()): start for start in drawn}
        found: Start | None = self._held["starts"].get(" ".join(item.prompt.split()))
        return found


def _spoken(logged: Any) -> dict[str, Any]:
    """Reads messages: what a loop writes, or a list of messages; nothing where they are none."""
    if isinstance(logged, str):
        try:
            logged = json.loads(logged)
        except (ValueError, RecursionError):
            return {}
    held = {"messages": logged} if isinstance(logged, list) else logged
    if not isinstance(held, dict) or not isinstance(held.get("messages"), list):
        return {}
    return held if all(isinstance(each, dict) and "content" in each for each in held["messages"]) else {}


def _heard(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """Returns what was answered to each message of the model, but the last where nothing stands behind it.

    >>> _heard([{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"},
    ...         {"role": "user", "content": "+"}, {"role": "assistant", "content": "b"}])
    ['+']
    """
    found: list[str] = []
    open_ = False
    for each in messages:
        if each.get("role") == "assistant":
            open_ = True
        elif open_:
            found.append(str(each["content"]))
            open_ = False
    return found


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
