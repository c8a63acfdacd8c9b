"""The order of selection: what comes first, and that every row is taken with the probability that is said."""

from __future__ import annotations

import numpy as np
import pytest

from freshbits.remedies.selection.cost import restoring, take_tokens
from freshbits.remedies.selection.order import ANSWER, FIRST, REPEAT, TEXT, Cells, sequence, take


def drawn(seed: int, prompts: int = 12, regions: int = 3) -> Cells:
    """Draws prompts of different sizes with a few answers, each in a few texts."""
    rng = np.random.default_rng(seed)
    prompt, answer, text = [], [], []
    for q in range(prompts):
        for _ in range(int(rng.integers(1, 10))):
            a = int(rng.integers(0, 3))
            t = int(rng.integers(0, 3))
            prompt.append(q)
            answer.append(3 * q + a)
            text.append(9 * q + 3 * a + t)
    region = np.random.default_rng(seed + 1).integers(0, regions, prompts)
    dense = [np.unique(each, return_inverse=True)[1] for each in (prompt, answer, text)]
    return Cells(*dense, np.unique(region, return_inverse=True)[1][dense[0]])


@pytest.mark.parametrize("count", [5, 12, 20, 30, 45])
@pytest.mark.parametrize("cap", [None, 3])
def test_every_row_is_taken_as_often_as_its_probability_says(count, cap):
    cells = drawn(3)
    times = 4000
    often = np.zeros(cells.prompt.size)
    said = np.zeros(cells.prompt.size)
    for seed in range(times):
        found = take(cells, count, seed, cap)
        often[found.rows] += 1
        said[found.rows] = found.probability
    share = often / times
    error = np.sqrt(np.maximum(said * (1 - said), 1e-4) / times)
    assert (np.abs(share - said) < 4.5 * error)[often > 0].all()
    total = min(count, int(np.minimum(np.bincount(cells.prompt), cap or 99).sum()))
    assert share.sum() == pytest.approx(total)


def test_weights_give_back_the_mean_over_all_accepted_rows():
    cells = drawn(5, prompts=60)
    value = np.random.default_rng(0).normal(size=cells.prompt.size) + cells.answer % 3 + cells.region
    plain, weighted = [], []
    for seed in range(600):
        found = take(cells, 70, seed)
        plain.append(value[found.rows].mean())
        weighted.append((value[found.rows] / found.probability).sum() / cells.prompt.size)
    error = np.std(weighted) / np.sqrt(600)
    assert abs(np.mean(weighted) - value.mean()) < 3.5 * error
    assert abs(np.mean(plain) - value.mean()) > 10 * np.std(plain) / np.sqrt(600)  # there was a bias to take off


def test_all_prompts_come_before_second_rows_and_repeats_come_last():
    cells = drawn(7)
    size = cells.prompt.size
    prompts, texts = int(cells.prompt.max()) + 1, np.unique(cells.text).size
    first = take(cells, prompts, 0)
    assert (first.reason == FIRST).all()
    assert np.unique(cells.prompt[first.rows]).size == prompts
    new = take(cells, texts, 0)
    assert (new.reason != REPEAT).all()
    assert np.unique(cells.text[new.rows]).size == texts
    all_of_them = take(cells, size + 5, 0)
    assert all_of_them.rows.tolist() == list(range(size))
    assert (all_of_them.reason == REPEAT).sum() == size - texts
    assert all_of_them.probability == pytest.approx(1.0)


def test_distinct_rows_are_spread_as_the_greedy_choice_spreads_them():
    cells = drawn(11)
    texts = np.bincount(cells.prompt[np.unique(cells.text, return_index=True)[1]])
    for count in (7, 15, 22):
        found = take(cells, count, 1)
        got = np.bincount(cells.prompt[found.rows], minlength=texts.size)
        had = np.zeros_like(texts)
        for _ in range(count):  # one at a time, where log(1 + rows) grows most
            gain = np.where(had < texts, np.log((had + 2) / (had + 1)), -1.0)
            had[int(np.argmax(gain))] += 1
        assert np.log1p(got).sum() == pytest.approx(np.log1p(had).sum())


def test_new_answers_of_a_prompt_come_before_new_texts():
    found = sequence(drawn(2), 0)
    cells = drawn(2)
    for q in range(int(cells.prompt.max()) + 1):
        rows = np.flatnonzero(cells.prompt == q)
        told = found.reason[rows[np.argsort(found.place[rows])]]
        assert told.tolist() == sorted(told.tolist())
        answers = np.unique(cells.answer[rows]).size
        assert ((told == FIRST) | (told == ANSWER)).sum() == answers
        assert (told == TEXT).sum() == np.unique(cells.text[rows]).size - answers


def test_the_last_round_evens_out_regions():
    prompt = np.arange(40)
    region = np.repeat([0, 1], [36, 4])
    found = take(Cells(prompt, prompt, prompt, region), 10, 0)
    assert np.bincount(region[found.rows]).tolist() == [6, 4]
    assert np.unique(found.probability).round(6).tolist() == [round(6 / 36, 6), 1.0]


def test_the_same_seed_takes_the_same_rows_and_another_others():
    cells = drawn(3)
    assert take(cells, 20, 4).rows.tolist() == take(cells, 20, 4).rows.tolist()
    assert take(cells, 20, 4).rows.tolist() != take(cells, 20, 5).rows.tolist()


def test_a_budget_of_tokens_is_kept_and_spent_on_short_rows():
    cells = drawn(9, prompts=50)
    tokens = np.random.default_rng(0).integers(5, 200, cells.prompt.size).astype(np.float64)
    rows, reasons = take_tokens(cells, tokens, 2000.0, seed=0)
    assert tokens[rows].sum() <= 2000
    assert tokens[rows].mean() < tokens.mean()
    assert (reasons == FIRST).sum() == np.unique(cells.prompt[rows]).size
    # Of every class reached, the shortest row stands for it.
    heads = rows[(reasons == FIRST) | (reasons == ANSWER)]
    shortest = np.full(int(cells.answer.max()) + 1, np.inf)
    np.minimum.at(shortest, cells.answer, tokens)
    assert (tokens[heads] == shortest[cells.answer[heads]]).all()


def test_restoring_weights_give_every_reached_prompt_and_region_its_rows():
    cells = drawn(9, prompts=50)
    rows = take(cells, 90, 0).rows
    weight = restoring(cells, rows)
    assert weight.sum() == pytest.approx(cells.prompt.size)
    assert np.bincount(cells.region[rows], weights=weight) == pytest.approx(np.bincount(cells.region))
    had, got = np.bincount(cells.prompt), np.bincount(cells.prompt[rows], weights=weight, minlength=50)
    assert got[got > 0] == pytest.approx(had[got > 0])  # every prompt is reached here
