"""The exact ledger against brute force, closed forms, simulation, and the inequality that it is there to show."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.loop.exact import brute

from freshbits.dynamics import lineage
from freshbits.errors import OutOfRegimeError
from freshbits.loop.exact.ledger import ExactLedger, exact_ledger
from freshbits.loop.exact.signals import Confidence, Judge, Majority, Random, Verifier
from freshbits.loop.exact.world import ExactWorld, one_of

SIGNALS = {
    "none": Random(),
    "random": Random(0.4),
    "verifier": Verifier(0.9, 0.3),
    "perfect": Verifier(1.0, 0.0),
    "majority": Majority(),
    "confidence": Confidence(1.5),
    "judge": Judge(0.8, 0.1),
}
CLOSED = ("none", "random", "majority", "confidence")
TINY = [
    {"start_rows": 2, "samples": 2},
    {"start_rows": 1, "samples": 2, "accumulate": True, "explore": 0.2},
    {"start_rows": 2, "samples": 1, "fresh": 1, "fresh_error": 0.3, "sharpen": 2.0},
    {"start_rows": 2, "samples": 1, "fresh": 1, "accumulate": True},
]


def world(start: list[float], name: str, **options: object) -> ExactWorld:
    return one_of(len(start), start=start, signal=SIGNALS[name], **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("options", TINY, ids=str)
@pytest.mark.parametrize("name", SIGNALS)
def test_it_equals_brute_force(name: str, options: dict):
    tiny = world([0.5, 0.3, 0.2] if options["samples"] == 1 else [0.6, 0.4], name, **options)
    expected = brute.rounds(tiny, 2)
    for row, (held, offered, injected, accuracy) in zip(exact_ledger(tiny, 2).rounds, expected, strict=True):
        assert row.held_bits == pytest.approx(held, abs=1e-10)
        assert row.offered_bits == pytest.approx(offered, abs=1e-10)
        assert row.injected_bits == pytest.approx(injected, abs=1e-10)
        assert row.accuracy == pytest.approx(accuracy, abs=1e-10)


def laws(count: int, size: int) -> st.SearchStrategy[np.ndarray]:
    weights = st.lists(
        st.lists(st.integers(0, 6), min_size=size, max_size=size).filter(any), min_size=count, max_size=count
    )
    return weights.map(lambda rows: np.array(rows, dtype=float) / np.sum(rows, axis=1, keepdims=True))


@st.composite
def worlds(draw: st.DrawFn) -> ExactWorld:
    answers, hypotheses = draw(st.integers(2, 3)), draw(st.integers(1, 4))
    sets = st.lists(st.booleans(), min_size=answers, max_size=answers).filter(any)
    chance = st.sampled_from([0.0, 0.1, 0.5, 0.8, 1.0])
    signal = draw(
        st.one_of(
            st.builds(Random, chance),
            st.builds(Verifier, chance, chance),
            st.builds(Judge, chance, chance),
            st.just(Majority()),
            st.builds(Confidence, st.sampled_from([0.0, 0.5, 2.0])),
        )
    )
    accumulate = draw(st.booleans())
    return ExactWorld(
        right=np.array(draw(st.lists(sets, min_size=hypotheses, max_size=hypotheses))),
        prior=draw(laws(1, hypotheses))[0],
        start=draw(laws(hypotheses, answers)),
        start_rows=draw(st.integers(1, 3)),
        samples=draw(st.integers(1, 2 if accumulate else 4)),
        signal=signal,
        fresh=draw(st.integers(0, 1)),
        fresh_error=draw(chance),
        accumulate=accumulate,
        sharpen=draw(st.sampled_from([0.5, 1.0, 3.0])),
        explore=draw(st.sampled_from([0.0, 0.1])),
    )


@settings(max_examples=150, deadline=None)
@given(worlds())
def test_what_is_held_grows_by_no_more_than_what_is_injected(drawn: ExactWorld):
    found = exact_ledger(drawn, 3)
    for before, after in pairwise(found.rounds):
        assert after.held_bits - before.held_bits <= before.injected_bits + 1e-9
    for row in found.rounds:
        assert -1e-12 <= row.injected_bits <= row.offered_bits + 1e-9
        assert row.held_bits <= found.task_bits + 1e-9
        assert -1e-9 <= row.accuracy <= 1 + 1e-9
    if isinstance(drawn.signal, (Random, Majority, Confidence)) and not drawn.fresh:
        assert max(row.injected_bits for row in found.rounds) <= 1e-9


@pytest.mark.parametrize("name", CLOSED)
def test_a_closed_loop_never_holds_more(name: str):
    found = exact_ledger(world([0.5, 0.25, 0.25], name, samples=5), 6).rounds
    assert all(row.injected_bits == pytest.approx(0, abs=1e-12) for row in found)
    assert all(b.held_bits <= a.held_bits + 1e-12 for a, b in pairwise(found))


def test_a_vote_sharpens_while_what_is_held_falls():
    found = exact_ledger(world([0.5, 0.25, 0.25], "majority", samples=7, start_rows=6), 4).rounds
    assert found[-1].accuracy > found[0].accuracy + 0.05
    assert found[-1].held_bits < found[0].held_bits - 0.05


def test_self_training_neither_gains_nor_keeps_its_variety():
    found = exact_ledger(world([0.5, 0.3, 0.2], "none", samples=6, start_rows=6), 5).rounds
    assert [row.accuracy for row in found] == pytest.approx([0.5] * 6)
    first = 1 - (0.25 + 0.09 + 0.04)
    # The first rows are a draw of six, so round 0 is one step down the lineage already.
    assert [row.diversity for row in found] == pytest.approx([first * (5 / 6) ** (t + 1) for t in range(6)])
    assert [row.distinct for row in found] == pytest.approx(lineage.distinct([0.5, 0.3, 0.2], 6, 6)[1:])


def test_a_frozen_judge_brings_no_more_than_it_knows():
    judged = world([1 / 3] * 3, "judge", samples=4)
    of = judged.signal.judges(judged.right)
    knows = float((judged.prior @ (of * np.log2(of / (judged.prior @ of)))).sum())  # I(X; judge)
    found = exact_ledger(judged, 12).rounds
    assert max(row.held_bits for row in found) <= knows
    anew = exact_ledger(world([1 / 3] * 3, "judge", samples=4, start_rows=1), 0)
    assert anew.rounds[0].held_bits == pytest.approx(0, abs=1e-12)
    same = ExactWorld(judged.right, judged.prior, judged.start, 4, 4, Verifier(0.8, 0.1))  # judges every sample anew
    assert exact_ledger(same, 12).rounds[-1].held_bits > knows


def test_a_perfect_verifier_injects_what_it_offers():
    found = exact_ledger(one_of(2, start=[0.5, 0.5], signal=Verifier(1.0, 0.0), samples=1, start_rows=1), 1).rounds
    assert found[0].held_bits == pytest.approx(0)
    assert found[0].offered_bits == pytest.approx(1)
    assert found[0].injected_bits == pytest.approx(1)


def test_fresh_rows_are_part_of_the_signal():
    found = exact_ledger(world([1 / 3] * 3, "none", fresh=1), 1).rounds
    assert found[0].injected_bits == pytest.approx(np.log2(3))  # one flawless row names the answer
    assert found[0].offered_bits == pytest.approx(np.log2(3))


@pytest.mark.parametrize("accumulate", [False, True])
def test_it_equals_a_simulation(accumulate: bool):
    simulated = world([0.4, 0.3, 0.3], "verifier", samples=3, start_rows=3, accumulate=accumulate)
    found = exact_ledger(simulated, 3).rounds
    rng, loops = np.random.default_rng(7), 20_000
    x = rng.integers(0, 3, loops)
    state = np.array([rng.multinomial(3, simulated.start[each]) for each in x])
    for row in found:
        share = state / state.sum(axis=1, keepdims=True)
        assert row.accuracy == pytest.approx(share[np.arange(loops), x].mean(), abs=0.012)
        assert row.distinct == pytest.approx((state > 0).sum(axis=1).mean(), abs=0.03)
        table = np.zeros((3, loops))
        table[x, np.unique(state, axis=0, return_inverse=True)[1].ravel()] = 0
        codes = np.unique(state, axis=0, return_inverse=True)[1].ravel()
        counts = np.bincount(x * (codes.max() + 1) + codes, minlength=3 * (codes.max() + 1)).reshape(3, -1)
        assert row.held_bits == pytest.approx(plug_in(counts), abs=0.03)
        drawn = np.array([rng.multinomial(3, each) for each in share])
        accepted = rng.binomial(drawn, np.where(np.arange(3) == x[:, None], 0.9, 0.3))
        if accumulate:
            state = state + accepted
        else:
            state = np.where(accepted.sum(axis=1, keepdims=True) > 0, accepted, state)


def plug_in(counts: np.ndarray) -> float:
    """I(X;Z) of a table of counts, less its first-order bias."""

    def entropy(part: np.ndarray) -> float:
        share = part[part > 0] / part.sum()
        return float(-(share * np.log2(share)).sum())

    bias = ((counts > 0).sum() - 3 - (counts.sum(axis=0) > 0).sum() + 1) / (2 * counts.sum() * np.log(2))
    return entropy(counts.sum(axis=0)) + entropy(counts.sum(axis=1)) - entropy(counts.ravel()) - bias


def test_json_goes_both_ways():
    found = exact_ledger(world([0.6, 0.4], "verifier"), 2)
    data = found.to_json()
    assert list(data) == ["task_bits", "rounds"]
    assert list(data["rounds"][0])[:4] == ["round", "held_bits", "offered_bits", "injected_bits"]
    assert ExactLedger.from_json(data).to_json() == data


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: one_of(5, start=[0.2] * 5, signal=Random()), "2 to 4 answers"),
        (lambda: one_of(2, start=[0.5, 0.5], signal=Random(), samples=9), "1 to 8 samples"),
        (lambda: one_of(2, start=[0.5, 0.6], signal=Random()), "the start is a distribution"),
        (lambda: Verifier(1.2, 0), "tpr is a probability"),
        (lambda: Confidence(-1), "power of 0 or more"),
        (
            lambda: exact_ledger(
                one_of(4, start=[0.25] * 4, signal=Verifier(1, 0), samples=8, start_rows=8, fresh=8), 1
            ),
            "more than can be enumerated",
        ),
    ],
)
def test_what_cannot_be_enumerated_is_refused(build: object, words: str):
    with pytest.raises(OutOfRegimeError, match=words):
        build()  # type: ignore[operator]
