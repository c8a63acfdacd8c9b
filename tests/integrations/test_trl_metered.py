"""The wrapper around TRL's reward functions: it changes nothing, and what it logs is right."""

from __future__ import annotations

import asyncio
import functools
import inspect
import pickle
from typing import Any

import numpy as np
import polars as pl
import pytest

from freshbits.errors import InputError
from freshbits.integrations.trl import metered, runs
from freshbits.integrations.window import Window
from freshbits.loop.meter import meter_round


def first(completions: list, label: list, **_: Any) -> list:
    """Rewards what the test says."""
    return label


def second(completions: list, other: list, **_: Any) -> list:
    return other


async def later(completions: list, label: list, **_: Any) -> list:
    await asyncio.sleep(0)
    return label


class Callable:
    def __call__(self, completions: list, label: list, **_: Any) -> list:
        return label


def batch(rates: list[float], n: int = 8, **columns: Any) -> dict[str, Any]:
    label = [float(i < round(rate * n)) for rate in rates for i in range(n)]
    return {
        "prompts": [f"q{q}" for q in range(len(rates)) for _ in range(n)],
        "completions": [f"so {i % 2}" for _ in rates for i in range(n)],
        "completion_ids": None,
        "label": label,
        **columns,
    }


def call(rewards: Any, arguments: dict[str, Any]) -> dict[str, float]:
    logged: dict[str, float] = {}
    for reward in rewards if isinstance(rewards, list) else [rewards]:
        found = reward(**arguments, log_metric=logged.__setitem__)
        if inspect.isawaitable(found):
            asyncio.run(found)
    return logged


def test_a_wrapper_keeps_the_name_and_hands_on_the_same_object():
    reward = metered(first)
    assert (reward.__name__, reward.__doc__, reward.__wrapped__) == ("first", "Rewards what the test says.", first)
    arguments = batch([0.5] * 12)
    assert reward(**arguments) is arguments["label"]
    assert metered(functools.partial(first, spare=1)).__name__ == "first"
    assert metered(Callable()).__name__ == "Callable"
    assert not inspect.iscoroutinefunction(reward.__call__)


def test_a_list_stays_a_list_and_names_of_models_stay_names():
    rewards = metered([first, "someone/a-reward-model", second])
    assert [getattr(each, "__name__", each) for each in rewards] == ["first", "someone/a-reward-model", "second"]
    arguments = batch([0.5] * 12)
    logged = call([rewards[0], rewards[2]], {**arguments, "other": arguments["label"]})
    assert set(logged) == {"info/components/first", "info/components/second"}  # a model scores too: no total


def test_async_rewards_are_awaited_and_stay_async():
    reward = metered(later)
    assert inspect.iscoroutinefunction(reward.__call__)
    arguments = batch([0.5] * 12)
    assert asyncio.run(reward(**arguments)) is arguments["label"]
    assert "info/contrast_bits" in call(reward, arguments)
    assert "info/surprise_bits" not in call(reward, arguments)  # votes that never vary are no belief


def test_the_numbers_are_those_of_the_round_meter():
    rng = np.random.default_rng(5)
    arguments = batch([0.5] * 80)
    arguments["label"] = rng.binomial(1, np.repeat(rng.beta(1, 1, 80), 8)).astype(float).tolist()
    arguments["completions"] = [f"so {answer}" for answer in rng.integers(0, 3, 640)]
    logged = call(metered(first), arguments)
    rows = pl.DataFrame({"prompt": arguments["prompts"], "completion": arguments["completions"]}).with_columns(
        pl.Series("signal.r", arguments["label"])
    )
    row = meter_round(rows)
    assert logged["info/dead_groups"] == pytest.approx(row.dead_groups.value)
    assert logged["info/surprise_bits"] == pytest.approx(row.surprise_bits.value)
    assert logged["info/contrast_bits"] == pytest.approx(row.contrast_bits.value, abs=0.01)
    assert logged["info/components/first"] == logged["info/contrast_bits"]


def test_the_total_is_the_weighted_sum_and_unscored_only_where_nothing_is():
    arguments = batch([0.5] * 12)
    opposite = [1 - value for value in arguments["label"]]
    cancelled = call(metered([first, second]), {**arguments, "other": opposite})
    assert cancelled["info/dead_groups"] == 1.0  # one plus the other is 1 on every row
    assert cancelled["info/contrast_bits"] == 0.0
    assert cancelled["info/components/first"] > 0.9
    weighted = call(metered([first, second], weights=[1.0, 0.5]), {**arguments, "other": opposite})
    assert weighted["info/dead_groups"] == 0.0
    nothing = call(metered([first, second]), {**arguments, "other": [None] * 96})
    assert nothing["info/contrast_bits"] == nothing["info/components/first"]
    assert "info/components/second" not in nothing


def test_a_reward_that_follows_length_is_told():
    rng = np.random.default_rng(0)
    reward, found = metered(first), {}
    for _ in range(26):  # every feature has its turn
        words = rng.integers(1, 30, 64 * 8)
        arguments = batch([0.5] * 64)
        arguments["completions"] = ["word " * count for count in words]
        arguments["label"] = (words > 15).astype(float).tolist()
        found = call(reward, arguments)
    assert found["hack/words/bits"] > 0.5
    assert found["hack/characters/bits"] > 0.5
    assert "hack/bullets/bits" not in found  # nobody shows one: nothing can be said
    assert reward.meter.window.batches == 26


def test_small_batches_are_measured_together():
    reward = metered(first)
    early = [call(reward, {**batch([0.5]), "prompts": [f"p{step}"] * 8}) for step in range(12)]
    assert "info/contrast_bits" not in early[8]
    assert early[9]["info/contrast_bits"] > 0.9
    assert early[0]["info/dead_groups"] == 0.0


class Trainer:
    """What a wrapper can see of TRL's trainer: its log function is a method of it."""

    class model:  # noqa: N801
        training = True

    def __init__(self, num_generations: int = 8) -> None:
        self.num_generations = self.num_generations_eval = num_generations
        self.logged: dict[str, float] = {}

    def log(self, name: str, value: float) -> None:
        self.logged[name] = value


def test_prompts_that_read_alike_are_told_apart_by_the_trainer_s_own_group_size():
    arguments = {**batch([0.0, 1.0] * 6), "prompts": ["What is in the picture?"] * 96}
    trainer = Trainer()
    metered(first)(**arguments, log_metric=trainer.log)
    assert trainer.logged["info/dead_groups"] == 1.0
    misfit = Trainer(num_generations=5)
    metered(first)(**arguments, log_metric=misfit.log)
    assert misfit.logged["info/dead_groups"] == 0.0  # one run of 96 rows is all that can be seen


def test_the_trainer_s_own_weights_make_the_total():
    arguments = batch([0.5] * 12)
    opposite = [1 - value for value in arguments["label"]]
    trainer = Trainer()
    trainer.reward_weights = np.array([1.0, 0.5])
    for reward in metered([first, second]):
        reward(**arguments, other=opposite, log_metric=trainer.log)
    assert trainer.logged["info/dead_groups"] == 0.0  # with weights of 1 every total would be 1


def test_an_evaluation_is_measured_alone(monkeypatch: pytest.MonkeyPatch):
    trainer, reward = Trainer(), metered(first)
    reward(**batch([0.5] * 12), log_metric=trainer.log)
    assert trainer.logged["info/dead_groups"] == 0.0
    monkeypatch.setattr(trainer.model, "training", False)
    reward(**batch([1.0] * 12), log_metric=trainer.log)
    assert (trainer.logged["info/dead_groups"], trainer.logged["info/contrast_bits"]) == (1.0, 0.0)
    assert reward.meter.window.batches == 1


def test_messages_are_read_as_text():
    arguments = batch([0.5] * 12)
    arguments["prompts"] = [[{"role": "user", "content": text}] for text in arguments["prompts"]]
    arguments["completions"] = [[{"role": "assistant", "content": text}] for text in arguments["completions"]]
    assert call(metered(first), arguments) == call(metered(first), batch([0.5] * 12))


def test_a_fault_of_the_meter_ends_the_metering_and_nothing_else():
    class Broken(Window):
        def take(self, *_: Any, **__: Any) -> dict[str, float]:
            raise ZeroDivisionError("no")

    reward, arguments = metered(first, window=Broken()), batch([0.5] * 12)
    with pytest.warns(RuntimeWarning, match="stopped metering .ZeroDivisionError: no.; training goes on"):
        assert reward(**arguments) is arguments["label"]
    assert reward(**arguments) is arguments["label"]  # once said is enough


def test_a_fault_of_the_reward_is_the_reward_s():
    def broken(completions: list, **_: Any) -> list:
        raise KeyError("gold")

    with pytest.raises(KeyError, match="gold"):
        metered(broken)(**batch([0.5] * 12))
    short = metered(lambda completions, **_: [1.0])
    assert short(**batch([0.5] * 12)) == [1.0]  # TRL says what is wrong with it
    assert short.meter.window.batches == 0


def test_a_wrapper_goes_through_pickle():
    again = pickle.loads(pickle.dumps(metered(first)))
    assert "info/contrast_bits" in call(again, batch([0.5] * 12))


def test_weights_fit_the_rewards():
    with pytest.raises(InputError, match="1 weights for 2 rewards"):
        metered([first, second], weights=[1.0])


@pytest.mark.parametrize(
    ("prompts", "groups"),
    [
        (["a"], [0]),
        (["a", "b"], [0, 1]),
        (["a", "a", "a", "b", "b"], [0, 0, 0, 1, 1]),
        (["a", "a", "a", "a", "b", "b"], [0, 0, 1, 1, 2, 2]),
        (["a", "b", "a"], [0, 1, 2]),
    ],
)
def test_groups_are_runs_of_equal_prompts(prompts: list[str], groups: list[int]):
    assert runs(prompts).tolist() == groups
