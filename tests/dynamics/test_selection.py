"""The operator and the replicator against every state of small loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freshbits.dynamics import replicator, selection
from freshbits.dynamics.selection import Kept, Sampled, course, tilted
from freshbits.errors import OutOfRegimeError


def rates(laws, mean):
    return [mean(law, lambda p: p[0]) for law in laws], [mean(law, lambda p: p[0] == 0) for law in laws]


@pytest.mark.parametrize("ratio", [0.3, 1.0, 4.0, np.inf])
@pytest.mark.parametrize("rows", [1, 2, 8])
def test_rows_kept_are_exact(exact, mean, rows, ratio):
    def accepted(p):
        share = tilted(p[0], ratio).item()
        return (share, 1 - share)

    rate, lost = rates(exact.run((0.3, 0.7), exact.kept(rows, accepted), 5), mean)
    found = course(Kept(rows, ratio), [0.3], [1.0], 5)
    assert found.rate == pytest.approx(rate, abs=1e-9)
    assert found.lost[1:] == pytest.approx(lost[1:], abs=1e-9)
    assert found.mass.sum(axis=1) == pytest.approx(1.0)


def test_recorruption_is_exact(exact, mean):
    def step(p, t):
        share = tilted(p[0], 3.0).item()
        for counts, mass in exact.spread(4, (share, 1 - share)):
            yield (0.9 * counts[0] / 4, 1 - 0.9 * counts[0] / 4), mass

    rate, lost = rates(exact.run((0.3, 0.7), step, 6), mean)
    found = course(Kept(4, 3.0, recorruption=0.1), [0.3], [1.0], 6)
    assert found.rate == pytest.approx(rate, abs=1e-9)
    assert found.lost[1:] == pytest.approx(lost[1:], abs=1e-9)


@pytest.mark.parametrize(("tpr", "fpr"), [(0.9, 0.3), (0.7, 0.0), (0.4, 0.6)])
@pytest.mark.parametrize("samples", [1, 2, 4])
def test_rollouts_sampled_agree_with_every_state(exact, mean, samples, tpr, fpr):
    for start in (0.3, 0.004):
        laws = exact.run((start, 1 - start), exact.sampled(samples, (tpr, fpr)), 4)
        rate, lost = rates(laws, mean)
        found = course(Sampled(samples, tpr, fpr), [start], [1.0], 4)
        assert found.rate == pytest.approx(rate, abs=1e-4)
        assert found.lost[1:] == pytest.approx(lost[1:], abs=1e-4)


def test_many_rows_on_the_coarser_grid_agree_with_the_lattice():
    rows = 700
    fine = np.linspace(0, 1, rows + 1)
    step = selection._binomial(rows, tilted(fine, 1.2))
    law = selection._binomial(rows, tilted(np.array([0.01]), 1.2))[0]
    found = course(Kept(rows, 1.2), [0.01], [1.0], 12)
    for t in range(1, 13):
        assert found.rate[t] == pytest.approx(law @ fine, abs=1e-5)
        assert found.lost[t] == pytest.approx(law[0], abs=2e-4)
        law = law @ step


def test_a_mixture_of_prompts_is_the_mean_of_its_prompts():
    parts = [course(Kept(6, 2.0), [p], [1.0], 4).rate for p in (0.1, 0.8)]
    both = course(Kept(6, 2.0), [0.1, 0.8], [3.0, 1.0], 4)
    assert both.rate == pytest.approx(0.75 * parts[0] + 0.25 * parts[1])
    assert both.reaches(0.5) == next(t for t in range(5) if both.rate[t] >= 0.5)
    assert both.reaches(0.9999) is None
    assert both.mastered[-1] + both.lost[-1] + both.variety[-1] <= 1 + 1e-9


def test_the_replicator_is_the_operator_with_many_rows():
    found = course(Kept(1500, 1.5), [0.2], [1.0], 6).rate
    assert replicator.replicator(0.2, 1.5, np.arange(7)) == pytest.approx(found, abs=2e-3)
    few = course(Kept(4, 1.5), [0.2], [1.0], 6).rate
    assert replicator.replicator(0.2, 1.5, 6) > few[-1] + 0.1  # what chance takes away


def test_rounds_to_a_target_lead_to_the_target():
    ratio = np.array([1.1, 2.0, 9.0])
    needed = replicator.rounds_to(0.9, 0.05, ratio)
    odds = 0.05 / 0.95 * ratio**needed
    assert odds / (1 + odds) == pytest.approx(0.9)
    assert replicator.rounds_to(0.9, [0.0, 0.5], [2.0, 0.7]).tolist() == [np.inf, np.inf]
    assert replicator.rounds_to(0.9, 0.5, np.inf) == 1


@pytest.mark.parametrize(("ratio", "mu"), [(1.2, 0.05), (3.0, 0.2), (9.0, 0.01)])
def test_the_ceiling_is_a_fixed_point(ratio, mu):
    top = replicator.ceiling(ratio, mu).item()
    assert (1 - mu) * tilted(top, ratio) == pytest.approx(top)
    assert replicator.ceiling(ratio, replicator.error_threshold(ratio)).item() == pytest.approx(0.0, abs=1e-12)
    assert replicator.ceiling([0.5, 1.0], 0.0).tolist() == [0.0, 0.0]


@given(st.floats(0, 1), st.one_of(st.floats(0, 1e12), st.just(np.inf)))
def test_the_tilted_share_is_a_share(rate, ratio):
    share = tilted(rate, ratio).item()
    assert 0 <= share <= 1
    assert share >= rate - 1e-12 if ratio >= 1 else share <= rate + 1e-12


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 30), st.floats(0.1, 50), st.floats(0, 1))
def test_courses_are_distributions_and_better_verifiers_do_better(rows, ratio, rate):
    found = course(Kept(rows, ratio), [rate], [1.0], 8)
    better = course(Kept(rows, 2 * ratio), [rate], [1.0], 8)
    assert found.mass.min() >= -1e-12
    assert found.mass.sum(axis=1) == pytest.approx(1.0)
    assert (better.rate >= found.rate - 1e-9).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Kept(0, 2.0), "at least 1"),
        (lambda: Kept(5000, 2.0), "not made for"),
        (lambda: Sampled(300, 0.9, 0.1), "number kept"),
        (lambda: Sampled(8, 0.0, 0.0), "accepts nothing"),
        (lambda: course(Kept(4, 2.0), [1.2], [1.0], 2), "between 0 and 1"),
        (lambda: course(Kept(4, 2.0), [0.2], [0.0], 2), "weights"),
        (lambda: tilted(0.5, -1.0), "negative"),
        (lambda: replicator.rounds_to(1.0, 0.5, 2.0), "never reached"),
        (lambda: replicator.ceiling(-1.0, 0.1), "negative"),
    ],
)
def test_outside_the_regime_there_is_a_sentence(call, words):
    with pytest.raises(OutOfRegimeError, match=words):
        call()
