"""Plays episodes side by side: in every turn all that are under way are written for in one batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from freshbits.signals.environments.environment import EnvironmentFaultError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from freshbits.signals.environments.environment import Environment, Episode, Start

MOST_TURNS = 16  # of an environment that need not end


@dataclass(frozen=True, slots=True)
class Message:
    """Holds what a model wrote in one turn; `cut` where it was stopped before its end."""

    text: str
    cut: bool = False


@dataclass
class Played:
    """Holds one episode.

    Attributes:
        start: what was asked. seed: what drew the rest.
        messages: what the model wrote, turn by turn.
        observations: what was answered, one to a message; the last is "" where nothing was.
        rewards: of the turns; None where there was none.
        reward, success, components: what it came to; None where unscored.
        done: whether the environment ended it.
        truncated: whether a message was cut, or the turns ran out before the environment ended it.
        fault: why the environment failed, else "".
    """

    start: Start
    seed: int
    messages: list[str] = field(default_factory=list)
    observations: list[str] = field(default_factory=list)
    rewards: list[float | None] = field(default_factory=list)
    reward: float | None = None
    success: float | None = None
    components: Mapping[str, float | None] = field(default_factory=dict)
    done: bool = False
    truncated: bool = False
    fault: str = ""

    @property
    def step_reward(self) -> float | None:
        """The sum of the turns' rewards; None where a turn has none, or the episode failed.

        >>> from freshbits.signals.environments.environment import Start
        >>> Played(Start("k", "q"), 0, rewards=[1.0, 0.5]).step_reward
        1.5
        """
        known = [value for value in self.rewards if value is not None]
        return None if self.fault or not known or len(known) < len(self.rewards) else sum(known)


Write = "Callable[[Sequence[int]], Sequence[Message]]"


def play(
    environment: Environment,
    starts: Sequence[Start],
    seeds: Sequence[int],
    write: Callable[[Sequence[Played], Sequence[int]], Sequence[Message]],
    turns: int | None = None,
) -> list[Played]:
    """Plays one episode for every start; a fault of one leaves the others as they are.

    Args:
        environment: what answers.
        starts, seeds: what is asked, and what draws the rest of each.
        write: given all episodes and the places of those under way, returns a message for each of the latter.
        turns: most turns of an episode; None: the environment's own, else 16.

    >>> from freshbits.signals.environments.guess import Guess
    >>> game = Guess()
    >>> (found,) = play(game, game.starts(1, 0), [3], lambda played, live: [Message("00")] * len(live))
    >>> found.observations, found.success, found.step_reward, found.done, found.truncated
    (['+', '+', '+', '+'], 0.0, 0.0, True, False)
    """
    most = turns or environment.turns or MOST_TURNS
    played = [Played(start, seed) for start, seed in zip(starts, seeds, strict=True)]
    under_way: dict[int, Episode] = {}
    for at, each in enumerate(played):
        try:
            under_way[at] = environment.reset(each.start, each.seed)
        except EnvironmentFaultError as fault:
            each.fault = str(fault)
    for turn in range(most):
        live = [at for at in under_way if not played[at].done and not played[at].fault]
        if not live:
            break
        for at, message in zip(live, write(played, live), strict=True):
            _step(played[at], under_way[at], message, last=turn == most - 1)
    for at, episode in under_way.items():
        if not played[at].fault:
            _judge(played[at], episode)
    return played


def _step(played: Played, episode: Episode, message: Message, *, last: bool) -> None:
    played.messages.append(message.text)
    played.truncated = played.truncated or message.cut
    try:
        step = episode.step(message.text)
    except EnvironmentFaultError as fault:
        played.fault = str(fault)
        played.observations.append("")
        played.rewards.append(None)
        return
    played.observations.append(step.observation)
    played.rewards.append(step.reward)
    played.done = step.done
    played.truncated = played.truncated or (last and not step.done)


def _judge(played: Played, episode: Episode) -> None:
    try:
        found = episode.outcome()
    except EnvironmentFaultError as fault:
        played.fault = str(fault)
        return
    played.reward, played.success, played.components = found.reward, found.success, dict(found.components)
