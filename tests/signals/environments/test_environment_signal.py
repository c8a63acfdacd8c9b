"""The signal `environment`: logged episodes played again."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import polars as pl
import pytest

import freshbits as fb
from freshbits.errors import InputError
from freshbits.signals.environments.environment import Start
from freshbits.signals.environments.guess import Guess, write
from freshbits.signals.environments.gym import GymEnvironment
from freshbits.signals.environments.play import Message, play
from freshbits.signals.environments.signal import EnvironmentSignal
from freshbits.signals.named import make
from freshbits.signals.signal import Item

GAME = Guess()


def spoken(prompt: str, turns: list[tuple[str, str]]) -> list[dict[str, str]]:
    found = [{"role": "user", "content": prompt}]
    for message, answer in turns:
        found += [{"role": "assistant", "content": message}, {"role": "user", "content": answer}]
    return found


def logged(count: int, *, seed: int = 0) -> tuple[pl.DataFrame, list[float]]:
    """Episodes of a player who guesses by lot, as a loop logs them, and whether each found its number."""
    rng, rows, truth = random.Random(seed), [], []
    for number, start in enumerate(GAME.starts(count, seed)):
        episode, turns = GAME.reset(start, number), []
        while not episode.over:
            message = write(rng.randint(episode.low, episode.high))
            turns.append((message, episode.step(message).observation))
        truth.append(float(episode.found))
        transcript = {"key": start.key, "seed": number, "messages": spoken(start.prompt, turns)}
        rows.append(
            {
                "prompt": start.prompt,
                "completion": "\n\n".join(message for message, _ in turns),
                "transcript": json.dumps(transcript),
            }
        )
    return pl.DataFrame(rows), truth


def test_logged_episodes_get_the_score_that_the_environment_gave_them():
    frame, truth = logged(60)
    assert 10 < sum(truth) < 50
    found = fb.score(frame, make("environment", {"environment": "guess"}))
    assert found.frame()["environment"].to_list() == truth
    assert found.signals[0].origin == "external"


def test_what_the_environment_did_not_say_is_unscored():
    frame, truth = logged(1)
    told = json.loads(frame["transcript"][0])
    signal = make("environment", {"environment": "guess"})
    prompt = frame["prompt"][0]

    def verdict(transcript):
        (found,) = signal.score([Item(prompt, "x", fields={"transcript": json.dumps(transcript)})])
        return found

    assert verdict(told).score == truth[0]
    answer = told["messages"][2]["content"]
    other = json.loads(json.dumps(told))
    other["messages"][2]["content"] = "-" if answer == "+" else "+"
    assert verdict(other).score is None
    assert "answers message 1 otherwise than the log says" in verdict(other).evidence
    beyond = {**told, "messages": told["messages"] + spoken("", [("00", "+")] * 4)[1:]}
    assert "had ended before message" in verdict(beyond).evidence
    assert verdict({"messages": told["messages"]}).score is None  # who knows what was hidden
    assert signal.score([Item(prompt, "x", fields={"transcript": "no json"})])[0].score is None


def test_a_log_without_messages_is_refused_where_they_are_needed():
    frame, _ = logged(3)
    with pytest.raises(InputError, match="transcript"):
        fb.score(frame.drop("transcript"), make("environment", {"environment": "guess"}))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "which one is not said"),
        ({"environment": "gues"}, "there is no environment 'gues'"),
        ({"environment": "guess", "widht": "3"}, "no such option"),
        ({"environment": "reasoning_gym:gcd"}, "has one turn and its own signal"),
    ],
)
def test_options_are_checked(options, words):
    with pytest.raises(InputError, match=words):
        make("environment", options)


class Once:
    """Is over after one message, or after two where the prompt says so."""

    name, origin, turns, longest = "once", "external", None, None

    def starts(self, size, seed):
        return [Start(text, text) for text in ("one", "two")]

    def reset(self, start, seed):
        made = GymEnvironment("gcd")
        return _Once(made, start)


class _Once:
    def __init__(self, made, start):
        self.observation, self.turns, self.said = start.prompt, {"one": 1, "two": 2}[start.key], []

    def step(self, message):
        from freshbits.signals.environments.environment import Step

        self.said.append(message)
        return Step("go on", done=len(self.said) == self.turns)

    def outcome(self):
        from freshbits.signals.environments.environment import Outcome

        return Outcome(0.5, 1.0, {"part": 0.25})


def test_a_completion_alone_is_enough_where_one_message_ends_the_episode():
    signal = EnvironmentSignal("once")
    signal._held["environment"] = Once()
    found = signal.score([Item("one", "x"), Item("two", "x"), Item("three", "x")])
    assert [verdict.score for verdict in found] == [0.5, None, None]
    assert "would go on, and the log has no column transcript" in found[1].evidence
    assert "asks nothing like this prompt" in found[2].evidence
    part, success = replace(signal, part="part"), replace(signal, part="success")
    for each, score in ((part, 0.25), (success, 1.0)):
        each._held["environment"] = Once()
        messages = json.dumps(spoken("two", [("x", "go on"), ("y", "go on")]))
        assert each.score([Item("two", "x", fields={"transcript": messages})])[0].score == score
    wrong = replace(signal, part="prat")
    wrong._held["environment"] = Once()
    with pytest.raises(InputError, match="gives no 'prat'"):
        wrong.score([Item("one", "x")])


def test_tasks_of_reasoning_gym_are_environments_of_one_turn():
    gym = GymEnvironment("gcd")
    starts = gym.starts(4, seed=3)
    right = play(gym, starts, range(4), lambda played, live: [Message(str(starts[at].answer)) for at in live])
    assert [(each.success, each.done, len(each.messages)) for each in right] == [(1.0, True, 1)] * 4
    wrong = play(gym, starts, range(4), lambda played, live: [Message("no")] * len(live))
    assert all(each.success == 0.0 for each in wrong)
    assert gym.demonstrate(starts[0], 0, random.Random(0)) == (starts[0].answer,)
