"""Environments of several turns: what they answer, what an episode comes to, what happens where they fail."""

from __future__ import annotations

import math
import random

import pytest

from freshbits.errors import InputError
from freshbits.signals.environments.environment import EnvironmentFaultError, Outcome, Start, Step
from freshbits.signals.environments.guess import Guess, write
from freshbits.signals.environments.named import environment
from freshbits.signals.environments.play import Message, play


def halving(played, live):
    """Guesses the middle of what is still possible."""
    found = []
    for at in live:
        low = int(played[at].start.key)
        high = low + 14
        for message, answer in zip(played[at].messages, played[at].observations, strict=True):
            number = int(message[::-1])
            low, high = (number + 1, high) if answer == "+" else (low, number - 1)
        found.append(Message(write((low + high) // 2)))
    return found


def test_halving_always_finds_one_of_fifteen_in_four_turns_and_uncovers_all_its_bits():
    game = Guess()
    starts = [start for start in game.starts(20, 1) for _ in range(10)]
    played = play(game, starts, range(200), halving)
    assert all(each.success == each.reward == 1.0 and each.done and not each.truncated for each in played)
    assert {len(each.messages) for each in played} == {1, 2, 3, 4}
    assert all(each.step_reward == pytest.approx(math.log2(15)) for each in played)
    assert all(each.observations[-1] == "!" for each in played)


def test_a_player_who_guesses_anything_possible_succeeds_as_often_as_the_recursion_says():
    def expected(numbers, turns):
        if numbers <= 0 or turns == 0:
            return 0.0
        whole = sum(
            1 + below * expected(below, turns - 1) + (numbers - 1 - below) * expected(numbers - 1 - below, turns - 1)
            for below in range(numbers)
        )
        return whole / numbers**2

    game, rng, found = Guess(width=7, turns=3), random.Random(0), 0
    for seed in range(4000):
        episode = game.reset(Start("20", ""), seed)
        while not episode.over:
            episode.step(write(rng.randint(episode.low, episode.high)))
        found += episode.found
    share = expected(7, 3)
    assert abs(found / 4000 - share) < 4 * math.sqrt(share * (1 - share) / 4000)


def test_the_same_seed_hides_the_same_number_whoever_plays_and_every_number_is_hidden_alike():
    game, start = Guess(), Start("12", "21~62=")
    hidden = []
    for seed in range(3000):
        one, other = game.reset(start, seed), game.reset(start, seed)
        for number in range(12, 27):
            if one.step(write(number)).done and one.found:
                hidden.append(number)
                assert other.step(write(number)).observation == "!"
                break
            if one.over:
                break
    assert set(hidden) == {12, 13, 14, 15}  # of 15, four are reached by counting up
    assert abs(len(hidden) / 3000 - 4 / 15) < 0.04


def test_nonsense_costs_a_turn_and_tells_nothing():
    game = Guess(turns=2)
    (played,) = play(game, [Start("12", "21~62=")], [1], lambda _, live: [Message("9", cut=True)] * len(live))
    assert (played.observations, played.rewards, played.success) == (["~", "~"], [0.0, 0.0], 0.0)
    assert played.truncated  # a message was cut


def test_turns_that_run_out_before_the_environment_ends_it_are_a_truncation_and_are_judged_as_they_stand():
    played = play(Guess(), [Start("12", "21~62=")], [1], lambda _, live: [Message("21")] * len(live), turns=2)[0]
    assert (len(played.messages), played.done, played.truncated) == (2, False, True)
    assert played.success == 0.0


class Failing:
    """Fails as its start says."""

    name, origin, turns, longest = "failing", "external", 3, None

    def reset(self, start, seed):
        if start.key == "reset":
            raise EnvironmentFaultError("cannot begin")
        return _Failing(start)


class _Failing:
    def __init__(self, start):
        self.observation, self.key, self.taken = start.prompt, start.key, 0

    def step(self, message):
        self.taken += 1
        if self.key == "step" and self.taken == 2:
            raise EnvironmentFaultError("took longer than 1 s")
        return Step("go on", 1.0, self.taken == 3)

    def outcome(self):
        if self.key == "outcome":
            raise EnvironmentFaultError("cannot judge")
        return Outcome(1.0, 1.0, {"part": 0.5})


def test_a_fault_is_unscored_and_takes_no_other_episode_with_it():
    starts = [Start(key, key) for key in ("fine", "reset", "step", "outcome", "fine")]
    sizes = []

    def writes(played, live):
        sizes.append(len(live))
        return [Message("x")] * len(live)

    played = play(Failing(), starts, range(5), writes)
    assert sizes == [4, 4, 3]  # all that are under way are written for at once
    assert [each.fault for each in played] == ["", "cannot begin", "took longer than 1 s", "cannot judge", ""]
    assert [each.reward for each in played] == [1.0, None, None, None, 1.0]
    assert [each.step_reward for each in played] == [3.0, None, None, None, 3.0]
    assert played[0].components == {"part": 0.5}


def test_names_and_options_are_checked():
    assert environment("chain_sum", {}) is None
    with pytest.raises(InputError, match="guess has no option 'widht'"):
        environment("guess", {"widht": 3})
    with pytest.raises(InputError, match="is not a whole number"):
        environment("guess", {"width": "15"})
    with pytest.raises(InputError, match="width 90 is not between"):
        environment("guess", {"width": 90})
    with pytest.raises(InputError, match="has no option 'width'"):
        environment("verifiers:any", {"width": 3})
