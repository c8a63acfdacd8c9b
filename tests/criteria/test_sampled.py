"""The judge's own noise is taken off the surprise bits where it was asked twice, and only where that is a bound."""

import numpy as np
import pytest

from freshbits.criteria.sampled import own_noise
from freshbits.information.entropy import binary_entropy
from freshbits.tally.values import Values


class Asked:
    """Stands for a tally with one signal."""

    def __init__(self, values, repeats):
        self.values, self.repeats = {"reward": values}, {"reward": repeats}


VERDICT = Values({0.0: 500, 1.0: 500}, 0, 0.0, 1.0)
SCORE = Values({}, 0, 0.0, 9.0, many=True)


def test_noise_is_at_least_twice_the_share_of_contradictions():
    flips = np.linspace(0, 1, 101)
    assert (binary_entropy(flips) >= 2 * (2 * flips * (1 - flips)) - 1e-12).all()
    assert 0.3 < own_noise(Asked(VERDICT, (1000, 200)), "reward") < 0.4


@pytest.mark.parametrize("asked", [(VERDICT, (0, 0)), (VERDICT, (50, 0)), (SCORE, (1000, 900))])
def test_nothing_is_taken_off_where_it_would_be_no_bound(asked):
    assert own_noise(Asked(*asked), "reward") == 0.0
