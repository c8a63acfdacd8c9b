"""Signals written in Python and balanced training, in loops that are run: small ones."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl
import pytest
import torch

import freshbits as fb
from freshbits.errors import InputError
from freshbits.loop.declare import Loop
from freshbits.loop.given import keys, scored_by
from freshbits.loop.parts import Balanced
from freshbits.loop.rounds import Rounds
from freshbits.loop.train.balanced import balanced
from freshbits.signals.signal import Verdict

if TYPE_CHECKING:
    from pathlib import Path

RIGHT = {"verifier": "exact"}
EVEN = "even=matches:[02468]$"


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def declared(method: str = "rft", signal: object = RIGHT, **train: object) -> Loop:
    small = {"prompts": 12, "samples": 4, "rounds": 1, "batch": 16, **train}
    return Loop(
        task={"environment": "sums"}, model={"config": "tiny"}, signal=signal, train={"method": method, **small}, seed=5
    )


def ends_even(_, rows: pl.DataFrame) -> list[float]:
    return rows["completion"].str.contains("[02468]$").cast(pl.Float64).to_list()


@dataclass
class Ends:
    """Accepts what ends in one of some digits."""

    digits: str
    origin: str = "external"
    name: str = "ends"
    key: str = "ends 1"
    needs: tuple[str, ...] = ()
    whole_groups: bool = False
    seen: list[str] = field(default_factory=list)

    def score(self, items):
        self.seen += [item.prompt for item in items]
        return [Verdict(float(item.completion[-1:] in self.digits)) for item in items]


def test_a_function_scores_in_the_place_of_the_declared_signal_and_is_trained_on(tmp_path):
    fb.run(declared(steps=30, learning_rate=1e-3), tmp_path / "run", signals={"exact": ends_even})
    rows = Rounds(tmp_path / "run").rollouts(0)
    assert rows["signal.exact"].to_list() == ends_even(None, rows)
    assert share(tmp_path / "run", 1, "[02468]$") > share(tmp_path / "run", 0, "[02468]$") + 0.15
    held = json.loads((tmp_path / "run" / "run.json").read_text())
    assert held["given"] == {"exact": f"{__name__}.ends_even"}
    assert held["origins"] == {"exact": "external"}
    fb.run(declared(), tmp_path / "plain")
    assert "given" not in json.loads((tmp_path / "plain" / "run.json").read_text())


def test_a_run_is_resumed_with_the_same_signals_only(tmp_path):
    fb.run(declared(), tmp_path / "run", signals={"exact": Ends("02468")})
    again = fb.run(declared(), tmp_path / "run", signals={"exact": Ends("02468")}, resume=True)
    assert len(again.rounds) == 2
    with pytest.raises(InputError, match="begun with another given"):
        fb.run(declared(), tmp_path / "run", signals={"exact": Ends("1", key="ends 2")}, resume=True)
    with pytest.raises(InputError, match="begun with another given"):
        fb.run(declared(), tmp_path / "run", resume=True)


def test_a_judge_that_the_runner_has_no_model_for_runs_when_it_is_given(tmp_path):
    loop = declared(signal={"judge": "mine", "name": "judge", "trained_on": ["people"]})
    with pytest.raises(InputError, match="give it as a function"):
        fb.run(loop, tmp_path / "run")
    signal = Ends("02468")
    fb.run(loop, tmp_path / "judged", signals={"judge": signal}, control="frozen")
    assert len(set(signal.seen)) == 12
    assert Rounds(tmp_path / "judged").rollouts(0)["signal.judge"].n_unique() == 2


def test_what_is_not_declared_or_declared_otherwise_is_refused(tmp_path):
    with pytest.raises(InputError, match="declares no signal 'exakt'"):
        fb.run(declared(), tmp_path / "run", signals={"exakt": ends_even})
    with pytest.raises(InputError, match="declared as external, and the one given says own_state"):
        fb.run(declared(), tmp_path / "run", signals={"exact": Ends("0", origin="own_state")})


def test_scores_are_one_per_row_and_nan_is_unscored():
    rows = pl.DataFrame({"completion": ["a", "b"]})
    assert scored_by("r", lambda _, rows: [float("nan"), 1])(["p", "q"], rows) == [None, 1.0]
    with pytest.raises(InputError, match="returned 1 scores for 2 rows"):
        scored_by("r", lambda _, rows: [1.0])(["p", "q"], rows)
    assert keys({"b": Ends("1"), "a": ends_even}) == {"a": f"{__name__}.ends_even", "b": "ends 1"}


def marked_rows(groups: int = 40) -> tuple[pl.DataFrame, list[float]]:
    """Groups of eight: every second row ends in an even digit, and of these three in four are paid, else one."""
    digit, paid = [0, 2, 4, 6, 1, 3, 5, 7], [1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0]
    rows = pl.DataFrame(
        {
            "prompt": [f"{g}=" for g in range(groups) for _ in range(8)],
            "group": [f"0-{g}" for g in range(groups) for _ in range(8)],
            "completion": [f"10+{d}" for _ in range(groups) for d in digit],
        }
    )
    return rows, paid * groups


@pytest.mark.parametrize("how", ["rebalance", "groups"])
def test_of_what_is_kept_as_many_are_paid_with_the_feature_as_without(how):
    rows, paid = marked_rows()
    left = balanced(Balanced(against=["even"], features=[EVEN], how=how), rows, paid, seed=3)
    kept = rows.with_columns(kept=pl.Series(left.kept), paid=pl.Series(paid), given=pl.Series(left.rewards))
    share = kept.filter("kept").group_by(pl.col("completion").str.contains("[02468]$")).agg(pl.col("paid").mean())
    assert share["paid"].to_list() == [0.5, 0.5]
    assert sum(left.kept) == 160
    assert kept.filter(~pl.col("kept"))["given"].unique().to_list() == [0.5]  # their group's mean: no advantage


def test_rewards_at_equal_features_pay_the_feature_nothing():
    rows, paid = marked_rows()
    left = balanced(Balanced(against=["even"], features=[EVEN], how="reward"), rows, paid, seed=3)
    mean = rows.with_columns(given=pl.Series(left.rewards)).group_by(pl.col("completion").str.contains("[02468]$"))
    assert mean.agg(pl.col("given").mean())["given"].to_list() == pytest.approx([0.5, 0.5], abs=1e-6)
    assert all(left.kept)


def test_of_what_is_accepted_the_feature_keeps_its_share():
    rows, paid = marked_rows()
    left = balanced(Balanced(against=["even"], features=[EVEN], how="even"), rows, paid, seed=3)
    kept = rows.filter(pl.Series(left.kept))
    assert kept.height == 80  # of 160 even ones 40, at the rate of 1 in 4 at which the others are accepted
    assert kept["completion"].str.contains("[02468]$").mean() == 0.5
    assert all(value == 1.0 for value, good in zip(paid, left.kept, strict=True) if good)


def test_where_every_row_with_the_feature_is_paid_and_no_other_nothing_is_kept():
    rows, _ = marked_rows()
    paid = [float(text[-1] in "02468") for text in rows["completion"]]
    left = balanced(Balanced(against=["even"], features=[EVEN], how="rebalance"), rows, paid, seed=3)
    assert not any(left.kept)
    assert set(left.rewards) == {0.0}


@pytest.mark.parametrize(("method", "how"), [("rft", "even"), ("grpo", "reward")])
def test_a_balanced_loop_does_not_learn_what_is_paid(method, how, tmp_path):
    long = {"steps": 30, "samples": 8, "prompts": 80, "learning_rate": 1e-3}
    balance = {"against": ["low"], "features": ["low=matches:^[0-4]"], "how": how}
    fb.run(declared(method, balance=balance, **long), tmp_path / how, signals={"exact": often_low})
    fb.run(declared(method, **long), tmp_path / "paid", signals={"exact": often_low})
    began, paid, cured = (share(tmp_path / name, at) for name, at in (("paid", 0), ("paid", 1), (how, 1)))
    assert paid > began + 0.1
    assert cured < began + 0.05


def share(directory: Path, number: int, of: str = "^[0-4]") -> float:
    return Rounds(directory).rollouts(number)["completion"].str.contains(of).mean()


def often_low(_, rows: pl.DataFrame) -> list[float]:
    """Accepts four in five of those that begin with a small digit, one in five of the others."""
    low = rows["completion"].str.contains("^[0-4]")
    return [float(random.Random(at).random() < 0.2 + 0.6 * each) for at, each in enumerate(low)]


@pytest.mark.parametrize(
    ("method", "balance", "words"),
    [
        ("self", {"against": ["characters"]}, "follows no signal"),
        ("rft", {"against": ["characters"], "how": "reward"}, "no reward to control"),
        ("grpo", {"against": ["characters"], "how": "even"}, "learns from rejected rows"),
        ("rft", {"against": []}, "balance.against"),
    ],
)
def test_balance_that_says_nothing_is_refused(method, balance, words):
    with pytest.raises(InputError, match=words):
        declared(method, "none" if method == "self" else RIGHT, balance=balance)


def test_an_unknown_feature_is_refused_before_anything_is_trained(tmp_path):
    with pytest.raises(InputError, match="'even' is no feature that can be counted"):
        fb.run(declared(balance={"against": ["even"]}), tmp_path / "run")
    assert not (tmp_path / "run" / "round-000").exists()


def test_a_meter_that_does_not_list_right_answers_samples_them(tmp_path):
    loop = Loop(**{**declared().data(), "meter": {"exact": False, "samples": 2}})
    found = fb.run(loop, tmp_path / "run", control="frozen").rounds[0].evaluation
    assert (40 * found["held_out_accuracy"]).is_integer()  # two samples of each of 20 prompts
    assert "train_accuracy" not in found
