"""verl's sampler interface, played by a stand-in of its modules: rows out, scores in."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from freshbits.errors import InputError
from freshbits.integrations.allocating_verl import curriculum


class AbstractCurriculumSampler:
    """Stands for verl's own."""


class Scores:
    """Stands for a tensor of scores per token."""

    def __init__(self, table):
        self.table = np.asarray(table, dtype=float)

    def sum(self, axis):
        return self.table.sum(axis)


class Frame(dict):
    """Stands for the data set's rows."""

    @property
    def column_names(self):
        return list(self)


@pytest.fixture
def made(monkeypatch):
    names = ("verl", "verl.experimental", "verl.experimental.dataset", "verl.experimental.dataset.sampler")
    for name in names:
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    sys.modules[names[-1]].AbstractCurriculumSampler = AbstractCurriculumSampler
    return curriculum(accept=0.5, sharpness=np.inf)


def source(count=12, *, named=True):
    asked = [[{"role": "user", "content": f"What is {n}?"}] for n in range(count)]
    rows = Frame(prompt=asked, extra_info=[{"index": n + 100 if named else 0} for n in range(count)])
    return SimpleNamespace(dataframe=rows)


def batch(rows, scores, **columns):
    table = [[0.0, score] for score in scores]
    return SimpleNamespace(batch={"token_level_scores": Scores(table)}, non_tensor_batch={"uid": rows, **columns})


def test_it_is_verls_kind_of_sampler_and_an_epoch_has_whole_batches(made):
    sampler = made(source(), {"train_batch_size": 5, "seed": 3})
    assert isinstance(sampler, AbstractCurriculumSampler)
    drawn = list(sampler)
    assert len(drawn) == len(sampler) == 10
    assert len(set(drawn[:5])) == len(set(drawn[5:])) == 5


@pytest.mark.parametrize("named", [True, False])
def test_scores_come_back_by_index_or_by_raw_prompt(made, named):
    data = source(named=named)
    sampler = made(data, {"train_batch_size": 4})
    drawn = iter(sampler)
    first = [next(drawn) for _ in range(4)]
    rows = [row for row in first for _ in range(8)]
    told = (
        {"index": [row + 100 for row in rows]} if named else {"raw_prompt": [data.dataframe["prompt"][r] for r in rows]}
    )
    sampler.update(batch(rows, [1.0] * 32, **told))
    second = [next(drawn) for _ in range(4)]
    assert set(first).isdisjoint(second)
    assert sampler.allocator.belief.rollouts[first].min() > 5


def test_rows_that_nobody_names_are_not_counted(made):
    sampler = made(source(named=False), {"train_batch_size": 4})
    sampler.update(batch([0] * 8, [1.0] * 8))
    sampler.allocator.suggest(1)
    assert sampler.allocator.belief.rollouts.sum() == 0


def test_without_verl_it_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "verl", None)
    with pytest.raises(InputError, match="verl is not installed"):
        curriculum()


def test_a_batch_larger_than_the_data_set_is_refused(made):
    with pytest.raises(InputError, match="a batch has 13 prompts"):
        made(source(), {"train_batch_size": 13})
