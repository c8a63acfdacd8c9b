"""Variety among right answers against every state of small loops with a perfect verifier."""

import numpy as np
import pytest

from freshbits.dynamics import within
from freshbits.errors import OutOfRegimeError


def among_right(p):
    """Returns 1 - Σ (p/p_right)² over the first two answers."""
    right = p[0] + p[1]
    return 1 - (p[0] ** 2 + p[1] ** 2) / right**2 if right else 0.0


@pytest.mark.parametrize("rows", [1, 3, 6])
def test_rows_kept_are_exact(exact, mean, rows):
    def accepted(p):
        return (p[0] / (p[0] + p[1]), p[1] / (p[0] + p[1]), 0.0)

    found = [mean(law, among_right) for law in exact.run((0.1, 0.3, 0.6), exact.kept(rows, accepted), 4)]
    assert within.within_kept(found[0], rows, np.arange(5)) == pytest.approx(found, abs=1e-9)


@pytest.mark.parametrize("tpr", [1.0, 0.6])
@pytest.mark.parametrize("samples", [1, 3, 5])
def test_rollouts_sampled_are_exact(exact, mean, samples, tpr):
    laws = exact.run((0.1, 0.3, 0.6), exact.sampled(samples, (tpr, tpr, 0.0)), 4)
    found = [mean(law, among_right) for law in laws]
    assert within.within_sampled(found[0], 0.4, samples, tpr, 4) == pytest.approx(found, abs=1e-9)


def test_accuracy_goes_to_one_while_variety_goes():
    left = within.within_sampled(0.5, 0.3, 8, 1.0, 200)
    assert left[-1] < 1e-6
    assert (np.diff(left) <= 0).all()


def test_what_cannot_be_is_refused():
    with pytest.raises(OutOfRegimeError, match="at least 1"):
        within.within_sampled(0.5, 0.3, 0, 1.0, 3)
    with pytest.raises(OutOfRegimeError, match="between 0 and 1"):
        within.within_sampled(0.5, 1.3, 4, 1.0, 3)
