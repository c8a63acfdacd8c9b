"""Agreement of two verifiers: the share against its own counting, who is called strict, when nothing is said."""

import numpy as np
import polars as pl
import pytest

import freshbits as fb
from freshbits.criteria.agreement import agreement, rejected_of_accepted
from freshbits.rollouts.read import read
from freshbits.tally.local import tally


def log(prompts=200, seed=0, names=("strict", "lenient")):
    draw = np.random.default_rng(seed)
    rows = []
    for prompt in range(prompts):
        easy = draw.uniform()
        for attempt in range(4):
            lenient = draw.uniform() < easy
            verdicts = {names[0]: float(lenient and draw.uniform() < 0.75), names[1]: float(lenient)}
            rows += [
                {
                    "prompt": f"q{prompt}",
                    "completion": f"a{attempt} of {prompt}",
                    "judge": name,
                    "score": verdicts[name],
                }
                for name in names
            ]
    return pl.DataFrame(rows)


def test_the_share_is_the_one_that_counting_gives():
    frame = log()
    wide = frame.pivot("judge", index=["prompt", "completion"], values="score")
    accepted = wide.filter(pl.col("lenient") == 1)
    counted = (accepted["strict"] == 0).mean()
    counts = tally(read(frame))
    found = rejected_of_accepted(counts, "score@strict", "score@lenient")
    assert found.value == pytest.approx(counted, abs=1e-12)
    assert found.low < 0.25 < found.high
    assert found.rollouts == accepted.height
    back = rejected_of_accepted(counts, "score@lenient", "score@strict")
    assert (back.value, back.low) == (0.0, 0.0)


def test_the_interval_covers_the_rate_that_was_drawn():
    covered = 0
    for seed in range(60):
        found = rejected_of_accepted(tally(read(log(60, seed))), "score@strict", "score@lenient")
        covered += found.low <= 0.25 <= found.high
    assert 53 <= covered <= 60  # binomial(60, .95): below 53 with probability .007


def test_the_page_says_it_whichever_comes_first():
    for names in (("strict", "lenient"), ("lenient", "strict")):
        frame = log().sort("judge", descending=names[0] == "strict", maintain_order=True)
        said = [note for note in fb.audit(frame).log.notes if "false negatives" in note]
        assert len(said) == 1
        assert said[0].startswith("score@strict rejects 2")
        assert said[0].endswith("of what score@lenient accepts: its false negatives, as far as score@lenient is right")


def test_few_prompts_scores_and_panels_are_passed_over():
    few = read(log(8))
    assert agreement(tally(few), few.judges) == []
    scores = read(log().with_columns(pl.col("score") + pl.int_range(pl.len()) % 7))
    assert agreement(tally(scores), scores.judges) == []
    panel = pl.concat([log(30, names=(f"a{i}", f"b{i}")) for i in range(3)])
    many = read(panel)
    assert len(many.signals) == 6
    assert agreement(tally(many), many.judges) == []
