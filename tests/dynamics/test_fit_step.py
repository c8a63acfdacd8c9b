"""One round on a grid, against closed forms and simulated loops."""

import numpy as np
import pytest

from freshbits.dynamics.kernel import binomial, grid, resample
from freshbits.dynamics.selection import tilted
from freshbits.dynamics.step import Law, advance, began, step
from freshbits.worlds.step import Loop, verifier
from freshbits.worlds.step_state import Policies


@pytest.mark.parametrize("kept", [1, 2, 5, 8.5, 16, 33.3, 120, 600])
@pytest.mark.parametrize("points", [33, 65])
def test_a_round_keeps_the_mean_and_adds_the_variance_of_resampling(kept, points):
    z = grid(points)
    out = resample(z, kept, points)
    assert out.sum(axis=1) == pytest.approx(np.ones(points), abs=1e-12)
    assert out @ z == pytest.approx(z, abs=1e-9)
    middle = slice(points // 3, 2 * points // 3)
    variance = (out @ z**2 - z**2)[middle]
    assert variance * kept == pytest.approx((z * (1 - z))[middle], rel=0.06)


def test_the_kernel_is_exact_where_counts_fall_on_the_grid():
    out = resample(np.array([0.3]), 2, 65)
    assert out[0, [0, 32, 64]] == pytest.approx([0.49, 0.42, 0.09])
    assert binomial(np.arange(4), 3, np.array([1.0]))[0] == pytest.approx([0, 0, 0, 1], abs=1e-200)


def test_selection_never_leaves_the_unit_interval():
    ratios = np.exp(np.linspace(-40, 40, 81))
    for ratio in [*ratios, np.inf]:
        out = tilted(grid(65), float(ratio))
        assert ((out >= 0) & (out <= 1)).all()
        assert (out[0], out[-1]) == (0.0, 1.0)


def test_a_closed_loop_keeps_accuracy_and_loses_variety_by_one_in_n():
    how, state = step(Law(1.0, 8.0), 65), began(np.ones(1), np.array([0.3]), 65)
    z, both = grid(65), (state.copy(), state.copy())
    for number in range(1, 7):
        state, both = advance(state, both, how)
        now = state.sum(axis=0)
        assert now @ z == pytest.approx(0.3, abs=1e-6)
        between = now @ (2 * z * (1 - z))
        assert between == pytest.approx(0.42 * (1 - 1 / 8) ** number, rel=0.01)
        total = between + both[0].sum(axis=0) @ (1 - z) ** 2 * 0.5  # wrong answers of two kinds
        assert total == pytest.approx((0.42 + 0.49 * 0.5) * (1 - 1 / 8) ** number, rel=0.02)


RULES = [
    {"kept": 12, "tpr": 0.8, "fpr": 0.4, "fresh": 0.0},
    {"kept": 12, "tpr": 0.8, "fpr": 0.4, "fresh": 0.15},
    {"samples": 12, "tpr": 0.8, "fpr": 0.3, "fresh": 0.0},
    {"samples": 80, "tpr": 0.8, "fpr": 0.3, "fresh": 0.1},
    {"samples": 6, "tpr": 0.7, "fpr": 0.0, "fresh": 0.0},
]


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_accuracy_and_variety_are_those_of_simulated_loops(rule):
    rate = np.random.default_rng(3).beta(0.8, 1.5, 4000)
    start = np.concatenate([rate[:, None], np.repeat((1 - rate)[:, None] / 5, 5, axis=1)], axis=1)
    loop = Loop(
        kept=rule.get("kept"),
        samples=rule.get("samples"),
        accept=verifier(6, tpr=rule["tpr"], fpr=rule["fpr"]),
        fresh=rule["fresh"],
        source=start if rule["fresh"] else None,
    )
    ratio = rule["tpr"] / rule["fpr"] if rule["fpr"] else np.inf
    sampled = "samples" in rule
    law = Law(ratio, rule["samples"] * rule["tpr"] if sampled else rule["kept"], rule["fresh"], sampled)
    how, state = step(law, 65), began(np.full(rate.size, 1 / rate.size), rate, 65)
    z, both = grid(65), (state.copy(), state.copy())
    for number, policies in enumerate(loop.run(Policies.of(start), 11, 8)):
        now = state.sum(axis=0)
        unlike = now @ (2 * z * (1 - z)) + 0.8 * (both[0].sum(axis=0) @ (1 - z) ** 2)
        if number in (1, 3, 8):
            assert now @ z == pytest.approx(policies.rate.mean(), abs=0.015)
            assert unlike == pytest.approx(policies.variety.mean(), abs=0.015)
        state, both = advance(state, both, how)
