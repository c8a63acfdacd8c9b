"""What travels between regions: a lean that holds everywhere, one that turns around, one that does not exist."""

import numpy as np
import pytest

from freshbits.information.intercept import Cells, shared_bits
from freshbits.information.portable import portable_bits


def rows(seed, prompts=400, regions=2):
    rng = np.random.default_rng(seed)
    q = np.repeat(np.arange(prompts), 8).astype(np.uint64)
    region = (q % np.uint64(regions)).astype(np.int64)
    x = rng.integers(0, 2, (q.size, 3))
    base = rng.normal(size=prompts)[q.astype(int)]
    return rng, q, region, x, base


def judged(rng, logit):
    return (rng.random(logit.size) < 1 / (1 + np.exp(-logit))) * 1.0


def test_a_lean_that_holds_everywhere_is_portable():
    rng, q, region, x, base = rows(0)
    accepted = judged(rng, base + 1.5 * (x[:, 0] - 0.5))
    found = portable_bits(x * 1.0, accepted, q, q, region)
    direct = shared_bits(Cells.count(q, x[:, 0], accepted, q))[0]
    assert 0 in found.features
    assert found.portable.value == pytest.approx(direct.value, rel=0.3)
    assert found.local.value < 0.015


def test_a_lean_that_turns_around_is_local():
    rng, q, region, x, base = rows(1)
    accepted = judged(rng, base + np.where(region == 0, 1.5, -1.5) * (x[:, 0] - 0.5))
    found = portable_bits(x * 1.0, accepted, q, q, region)
    turned = np.where(region == 0, x[:, 0], 1 - x[:, 0])
    direct = shared_bits(Cells.count(q, turned, accepted, q))[0]
    assert 0 not in found.features
    assert found.portable.value < 0.01
    assert found.local.value == pytest.approx(direct.value, rel=0.3)


def test_both_at_once_are_told_apart():
    rng, q, region, x, base = rows(2, prompts=600, regions=3)
    slope = np.choose(region, [2.0, -2.0, 0.0])
    accepted = judged(rng, base + 1.5 * (x[:, 0] - 0.5) + slope * (x[:, 1] - 0.5))
    found = portable_bits(x * 1.0, accepted, q, q, region)
    assert found.portable.low > 0.02
    assert found.local.low > 0.02


def test_nothing_is_neither():
    rng, q, region, x, base = rows(3)
    found = portable_bits(x * 1.0, judged(rng, base), q, q, region)
    assert found.portable.value < 0.01
    assert found.local.value < 0.01


def test_small_regions_are_not_regions():
    rng, q, region, x, base = rows(4)
    accepted = judged(rng, base)
    few = np.where(q < 20, 1, 0)
    assert portable_bits(x * 1.0, accepted, q, q, few) is None
    assert portable_bits(x[:, :0] * 1.0, accepted, q, q, region) is None
