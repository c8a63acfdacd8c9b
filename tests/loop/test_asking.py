"""Allocation in loops: rounds ask chosen prompts, count their calls, and go on exactly after a stop."""

import numpy as np
import polars as pl
import pytest

from freshbits.auditing import audit
from freshbits.errors import InputError
from freshbits.loop.asking import Asking
from freshbits.loop.declare import Loop
from freshbits.loop.parts import Allocation
from freshbits.loop.tasks.task import Prompt
from freshbits.remedies.allocator import Allocator

SUMS = {"environment": "sums", "size": 60, "seed": 1}


def declared(**more):
    return Loop(
        **{
            "name": "chosen", "task": SUMS, "model": {"config": "tiny"}, "signal": {"verifier": "exact"},
            "allocation": "expected_variance",
            "train": {"method": "grpo", "rounds": 3, "prompts": 10, "samples": 4, "steps": 1},
        } | more
    )  # fmt: skip


def pool(count=60):
    return [Prompt(f"{'hard' if n % 3 else 'mixed'} task {n}", "r") for n in range(count)]


def came(asked, seed=0):
    """Hard tasks are never solved, mixed ones half of the time."""
    rng = np.random.default_rng(seed)
    return [(each.text, float(rng.binomial(8, 0.5 if each.text.startswith("mixed") else 0)), 8.0) for each in asked]


def play(asking, rounds):
    told = {}
    found = []
    for number in range(rounds):
        asked = asking.round(number, told.__getitem__)
        told[number] = came(asked.prompts, number)
        found.append(asked)
    return found, told


def test_rounds_come_to_ask_where_verdicts_differ_and_count_their_calls():
    found, _ = play(Asking(Allocation(rule="expected_variance"), pool(120), 12, 8, 3), 16)
    mixed = [np.mean([each.text.startswith("mixed") for each in asked.prompts]) for asked in found]
    assert np.mean(mixed[-5:]) > 0.55  # a third of the pool is mixed
    assert [asked.calls for asked in found] == [12 * 8 * number for number in range(16)]
    assert found[1].tried == 12
    assert all(len(asked.prompts) == len(asked.probability) == 12 for asked in found)


def test_what_is_not_declared_is_what_the_allocator_does():
    asking = Asking(Allocation(rule="expected_variance"), pool(20), 4, 4, 1)
    assert asking.allocator.sharpness == Allocator(["a", "b"]).sharpness


def test_by_lot_every_prompt_is_as_likely():
    found, _ = play(Asking(Allocation(rule="by_lot"), pool(48), 12, 8, 3), 4)
    assert {round(each, 6) for asked in found for each in asked.probability} == {0.25}


def test_a_round_asks_the_same_after_a_stop():
    found, told = play(Asking(Allocation(rule="expected_variance"), pool(), 8, 4, 1), 6)
    for number in (5, 2, 2, 4):
        again = Asking(Allocation(rule="expected_variance"), pool(), 8, 4, 1).round(number, told.__getitem__)
        assert again == found[number]
    one = Asking(Allocation(rule="expected_variance"), pool(), 8, 4, 1)
    assert [one.round(number, told.__getitem__) for number in (3, 3, 1)] == [found[3], found[3], found[1]]


def test_nothing_is_chosen_where_all_are_asked():
    with pytest.raises(InputError, match=r"a round asks all 20 prompts.*prompts: 5"):
        Asking(Allocation(rule="by_lot"), pool(20), 20, 4, 1)


@pytest.mark.parametrize("rule", ["expected_variance", "expected_deviation", "m(1-m)", "information", "by_lot"])
def test_declarations_with_an_allocation_are_written_and_read_back(rule):
    loop = declared(allocation=rule)
    assert loop.allocation == Allocation(rule=rule)
    assert Loop.loads(loop.dumps()) == loop
    assert declared(allocation={"rule": rule, "sharpness": 4, "learn": False}).allocation.sharpness == 4
    assert declared(allocation="uniform").data()["allocation"] == "uniform"


def test_unknown_rules_and_methods_without_verdicts_are_refused():
    with pytest.raises(InputError, match="expected_variance"):
        declared(allocation="variance")
    with pytest.raises(InputError, match="goes by verdicts"):
        declared(signal="none", train={"method": "self", "prompts": 10})
    with pytest.raises(InputError, match="goes by verdicts"):
        declared(train={"method": "rft", "prompts": 10, "fresh": 0.5})


def test_a_loop_asks_chosen_prompts_and_ends_in_the_same_bytes_after_a_stop(tmp_path):
    pytest.importorskip("trl", reason="the extra [loop] is not installed")
    from freshbits.loop.run import run

    loop = declared(train={"method": "rft", "rounds": 2, "prompts": 10, "samples": 4, "steps": 1})
    whole = run(loop, tmp_path / "whole")

    def stopped(words):
        if words.startswith("round 1"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(loop, tmp_path / "stopped", progress=stopped)
    run(loop, tmp_path / "stopped", resume=True)
    asked = []
    for number in range(3):
        names = [f"round-{number:03d}/{name}" for name in ("rollouts.parquet", "ledger.json")]
        for name in names:
            assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "stopped" / name).read_bytes()
        rows = pl.read_parquet(tmp_path / "whole" / names[0])
        assert rows["prompt"].n_unique() == 10
        assert rows["extra.prompt_probability"].is_between(0, 1).all()
        asked.append(set(rows["prompt"]))
    assert asked[0] != asked[1] != asked[2]
    assert [row.evaluation["calls"] for row in whole.rounds] == [40.0, 80.0, 120.0]
    assert [row.evaluation["tried_before"] for row in whole.rounds][:2] == [0.0, 10.0]
    notes = " ".join(audit(tmp_path / "whole").log.notes)
    assert "chosen" in notes
