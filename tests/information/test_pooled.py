"""Bits over judged pairs: against the exact table, with the coverage and the false alarms of prompts asked twice."""

import numpy as np

from freshbits.information.entropy import mutual_information
from freshbits.information.pooled import pooled_bits, pooled_test


def draw(rng, effect, pairs=150):
    """Each prompt has two rows that share their level and most of their verdict."""
    level = np.repeat(rng.integers(0, 3, pairs), 2)
    lean = np.repeat(rng.random(pairs), 2)
    accepted = (lean < 0.5 + effect * (level - 1)) * 1.0
    return level, accepted, np.repeat(np.arange(pairs), 2).astype(np.uint64)


def test_intervals_cover_the_bits_of_the_table():
    truth = mutual_information([[0.2, 0.8], [0.5, 0.5], [0.8, 0.2]])
    rng = np.random.default_rng(0)
    covered, values = 0, []
    for _ in range(300):
        bits, effect = pooled_bits(*draw(rng, 0.3))
        covered += bits.low <= truth <= bits.high
        values.append(bits.value)
        assert effect > 0
    assert 273 <= covered <= 297  # 91 to 99 %
    assert abs(np.mean(values) - truth) < 0.012  # two rows that agree count as two: a small upward bias


def test_false_alarms():
    rng = np.random.default_rng(1)
    alarms = sum(pooled_test(*draw(rng, 0.0)) < 0.05 for _ in range(300))
    assert 3 <= alarms <= 30
