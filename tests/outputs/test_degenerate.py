"""Degenerate sources: named when they are, and not when answers are short or a prompt is merely dull."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from freshbits.outputs.compact import compact
from freshbits.outputs.degenerate import SAMPLED, Sampled, degenerate, sample
from freshbits.outputs.partition import TEXT

WORDS = np.array([f"{a}{b}{c}" for a in "bdfgklmn" for b in "aeiou" for c in "rstvwxyz"] * 3)


def prose(rng: np.random.Generator, words: int) -> list[str]:
    weights = 1 / np.arange(1, len(WORDS) + 1)
    return rng.choice(WORDS, words, p=weights / weights.sum()).tolist()


def log(rng: np.random.Generator, source: str, prompts: int, kept: float, length: int = 60) -> pl.DataFrame:
    """Completions that take each word from their own prompt with probability `kept`."""
    asked = [prose(rng, 30) for _ in range(prompts)]
    said = []
    for words in asked:
        own = rng.random(length) < kept
        free = prose(rng, length)
        said.append(
            " ".join(words[int(rng.integers(30))] if mine else word for mine, word in zip(own, free, strict=True))
        )
    return pl.DataFrame({"prompt": [" ".join(words) for words in asked], "completion": said}).with_columns(
        source=pl.lit(source)
    )


def named(batch: pl.DataFrame, cut: int = 100) -> list[str]:
    frame = compact(batch, TEXT)
    sampled = Sampled.empty()
    for at in range(0, batch.height, cut):
        sampled = sampled.merge(sample(batch[at : at + cut], frame[at : at + cut]))
    return [found["source"] for found in degenerate(frame, sampled)]


def test_completions_that_ignore_their_prompts_are_named_and_others_are_not() -> None:
    rng = np.random.default_rng(3)
    batch = pl.concat([log(rng, "good", 250, 0.3), log(rng, "deaf", 250, 0.0)])
    assert named(batch.sample(fraction=1.0, shuffle=True, seed=1)) == ["deaf"]


@pytest.mark.parametrize("kept", [0.05, 0.1])
def test_a_little_overlap_raises_no_alarm(kept: float) -> None:
    # Even the weaker holds a tenth of its prompt's words; models that answer hold a third and more.
    alarms = sum(bool(named(log(np.random.default_rng(seed), "weak", 120, kept), 1000)) for seed in range(20))
    assert alarms == 0


def test_deaf_sources_are_found_nearly_always() -> None:
    hits = sum(bool(named(log(np.random.default_rng(seed), "deaf", 300, 0.0), 1000)) for seed in range(10))
    assert hits >= 9


def test_short_answers_and_small_samples_are_never_named_for_overlap() -> None:
    rng = np.random.default_rng(4)
    assert named(log(rng, "short", 300, 0.0, length=12)) == []
    assert named(log(rng, "few", 90, 0.0)) == []


def constant(share: float, text: str, prompts: int = 60) -> pl.DataFrame:
    many = int(share * prompts)
    return pl.DataFrame(
        {
            "prompt": [f"prompt {n}" for n in range(prompts) for _ in range(2)],
            "completion": [text if n < many else f"own {n}" for n in range(prompts) for _ in range(2)],
            "source": ["model"] * (2 * prompts),
        }
    )


@pytest.mark.parametrize(
    ("share", "text", "prompts", "expected"),
    [
        (1.0, "Yes", 60, True),
        (0.7, "Yes", 60, False),
        (0.7, "I am sorry, but I cannot help you with that request.", 60, True),
        (0.4, "I am sorry, but I cannot help you with that request.", 60, False),
        (1.0, "", 60, True),
        (1.0, "Yes", 20, False),
    ],
)
def test_one_text_for_many_prompts(share: float, text: str, prompts: int, expected: bool) -> None:
    batch = constant(share, text, prompts)
    frame = compact(batch, TEXT)
    found = degenerate(frame, Sampled.empty())
    assert bool(found) == expected
    if expected:
        assert found[0]["share"] == pytest.approx(share)
        assert f"{len(text)} characters" in found[0]["why"]


def test_a_text_seen_once_per_prompt_among_many_is_not_one_text() -> None:
    batch = pl.DataFrame(
        {
            "prompt": [f"prompt {n // 10}" for n in range(600)],
            "completion": [
                "the same long text in every group, once in ten" if n % 10 == 0 else f"own {n}" for n in range(600)
            ],
        }
    )
    assert named(batch) == []


def test_a_log_without_sources_is_one_source() -> None:
    assert named(constant(1.0, "No").drop("source")) == ["the whole log"]
    rng = np.random.default_rng(5)
    assert named(log(rng, "x", 250, 0.0).drop("source")) == ["the whole log"]


def test_samples_do_not_depend_on_order_or_cuts() -> None:
    batch = log(np.random.default_rng(6), "m", 500, 0.2)
    whole = sample(batch, compact(batch, TEXT))
    assert whole.rows.height == SAMPLED
    for cut in (1, 170, 333):
        merged = Sampled.empty()
        shuffled = batch.sample(fraction=1.0, shuffle=True, seed=cut)
        for at in range(0, batch.height, max(cut, 50)):
            part = shuffled[at : at + max(cut, 50)]
            merged = sample(part, compact(part, TEXT)).merge(merged)
        assert merged.rows.equals(whole.rows)
    other = sample(batch, compact(batch, TEXT), seed=1)
    assert not other.rows.equals(whole.rows)


def test_a_prompt_is_sampled_once() -> None:
    batch = log(np.random.default_rng(7), "m", 50, 0.2)
    doubled = pl.concat([batch, batch.with_columns(pl.col("completion") + " more")])
    rows = sample(doubled, compact(doubled, TEXT)).rows
    assert rows.height == rows["prompt"].n_unique() == 50


def test_nothing_to_look_at() -> None:
    batch = pl.DataFrame({"prompt_id": ["p"], "completion": ["x"]})
    frame = compact(batch, TEXT)
    assert sample(batch, frame).rows.height == 0
    assert degenerate(frame, Sampled.empty()) == []
    judged = compact(pl.DataFrame({"prompt_id": ["p"], "signal.j": [1.0]}), TEXT)
    assert degenerate(judged, Sampled.empty()) == []
