"""Balanced rewards in the shapes of trainers: TRL's reward functions, also async ones, and verl's rows."""

import asyncio
import inspect

import numpy as np
import pytest

from freshbits.integrations.balancing import controlled, kept_groups
from freshbits.remedies.balance import Balance


def batch(groups=40, size=8, seed=0):
    rng = np.random.default_rng(seed)
    texts = ["x" * int(n) for n in rng.integers(1, 200, groups * size)]
    prompts = [f"question {n // size}" for n in range(groups * size)]
    return prompts, texts


def fond(completions, **rest):
    return [float(np.log1p(len(text))) for text in completions]


def test_a_reward_that_is_only_length_pays_nothing_inside_a_group():
    prompts, texts = batch()
    reward = controlled(fond, Balance(["characters"]))
    found = np.array(reward(prompts=prompts, completions=texts, completion_ids=[[1]] * len(texts)))
    assert np.ptp(found.reshape(40, 8), axis=1).max() < 1e-4
    assert reward.__name__ == "fond_controlled"


def test_messages_are_read_as_trl_gives_them():
    prompts, texts = batch()
    plain = controlled(fond, Balance(["characters"]))(prompts=prompts, completions=texts)

    def spoken(completions, **rest):
        return [float(np.log1p(len(turns[0]["content"]))) for turns in completions]

    asked = [[{"role": "user", "content": text}] for text in prompts]
    said = [[{"role": "assistant", "content": text}] for text in texts]
    assert controlled(spoken, Balance(["characters"]))(prompts=asked, completions=said) == pytest.approx(plain)


def test_columns_of_the_data_set_reach_the_reward():
    seen = {}

    def noting(prompts, completions, answer, **rest):
        seen["answer"] = answer
        return [0.0, None]

    found = controlled(noting, Balance(["characters"]))(prompts=["p", "p"], completions=["a", "b"], answer=["1", "2"])
    assert (found, seen["answer"]) == ([0.0, None], ["1", "2"])


def test_an_async_reward_stays_one():
    async def later(completions, **rest):
        return fond(completions)

    prompts, texts = batch()
    reward = controlled(later, Balance(["characters"]))
    assert inspect.iscoroutinefunction(reward)
    waited = asyncio.run(reward(prompts=prompts, completions=texts))
    assert waited == controlled(fond, Balance(["characters"]))(prompts=prompts, completions=texts)
    assert reward.__name__ == "later_controlled"


def test_an_object_that_is_called_has_its_class_s_name():
    class Length:
        def __call__(self, completions, **rest):
            return fond(completions)

    assert controlled(Length(), Balance(["characters"])).__name__ == "Length_controlled"


def test_rows_of_verl_are_kept_by_their_uid_in_any_order():
    rng = np.random.default_rng(1)
    rows = [
        {"uid": f"u{n % 30}", "output": "- a" if long else "a", "score": float(rng.random() < 0.2 + 0.6 * long)}
        for n, long in enumerate(rng.random(240) < 0.5)
    ]
    kept = [rows[place] for place in kept_groups(rows, Balance(["bullets"]))]
    cells = {(row["uid"], row["output"]): [] for row in kept}
    for row in kept:
        cells[row["uid"], row["output"]].append(row["score"])
    assert len(kept) > 40
    assert {float(np.mean(scores)) for scores in cells.values()} == {0.5}
    renamed = [{"g": row["uid"], "t": row["output"], "r": row["score"]} for row in rows]
    again = kept_groups(renamed, Balance(["bullets"]), group="g", completion="t", reward="r")
    assert [rows[place] for place in again] == kept
