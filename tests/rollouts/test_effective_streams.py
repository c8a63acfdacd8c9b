"""The whole sample and what trained of it, of one world: the bias has its sign, and dead groups are unknown, not 0."""

import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import freshbits as fb
from freshbits.worlds.channels import Channel
from freshbits.worlds.rates import Atoms
from freshbits.worlds.sizes import Fixed
from freshbits.worlds.world import World
from freshbits.worlds.write import write_lines, write_verl_v1
from freshbits.worlds.write_traces import write_prime

FIXTURES = Path(__file__).parents[1] / "fixtures" / "rollouts"
PROMPTS, SIZE, STEPS = 60, 8, 4
SHARES = {0.0: 0.3, 0.5: 0.5, 1.0: 0.2}  # of prompts with a pass rate of 0, one half and 1
DEAD = 0.3 + 0.2 + 0.5 * 2 * 0.5**SIZE
BITS = 0.5  # h(1/2) = 1 bit at half of the prompts, none at the others


@pytest.fixture(scope="module")
def drawn() -> pl.DataFrame:
    world = World(
        prompts=PROMPTS, base=Atoms(list(SHARES.items())),
        signals={"exact": Channel(tpr=1.0, fpr=0.0)},
    )  # fmt: skip
    return world.log(3, STEPS)


@pytest.fixture(scope="module")
def streams(drawn, tmp_path_factory):
    """Returns producer -> (log of everything, log of what trained)."""
    place = tmp_path_factory.mktemp("streams")
    write_prime(drawn, place / "prime_all")
    shutil.copytree(place / "prime_all", place / "prime_effective")
    for everything in (place / "prime_effective").rglob("all"):
        shutil.rmtree(everything)
    key = ["round", "prompt_id"]
    kept = drawn.filter(pl.col("signal.exact").n_unique().over(key) > 1)
    for name, frame in (("nemo_all", drawn), ("nemo_effective", kept)):
        _nemo(frame, drawn, place / name, filtered=frame is kept)
    for name, frame in (("open_all", drawn), ("open_effective", kept)):
        write_lines(place / name / "run_rollouts_000000.jsonl", map(_open_instruct, frame.to_dicts()))
    for name, frame in (("swift_all", drawn), ("swift_effective", kept)):
        _swift(frame, place / name, sampled=frame is kept)
    return place


def _nemo(frame, everything, place, *, filtered):
    for (step,), rows in frame.partition_by("round", as_dict=True, maintain_order=True).items():
        before = everything.filter(round=step)["signal.exact"].to_list()
        lines = []
        for index, row in enumerate(rows.to_dicts()):
            line = {"content": [[row["prompt"], row["completion"]]], "rewards": [row["signal.exact"]], "idx": index}
            if filtered:
                line |= {"filtered_rewards": line["rewards"], "rewards": [before[index]]}
            lines.append(line)
        write_lines(place / f"train_data_step{step + 1}.jsonl", lines)


def _open_instruct(row):
    return {
        "step": row["round"], "sample_idx": row["sample"], "prompt_idx": row["prompt_id"],
        "prompt_tokens": list(row["prompt"].encode()), "response_tokens": list(row["completion"].encode()),
        "reward": row["signal.exact"], "finish_reason": "stop", "dataset": "sums",
    }  # fmt: skip


def _swift(frame, place, *, sampled):
    lines = [
        {"step": [str(step)] * rows.height, "prompt": rows["prompt"].to_list(),
         "completion": rows["completion"].to_list(), "exact": rows["signal.exact"].to_list()}
        for (step,), rows in frame.partition_by("round", as_dict=True, maintain_order=True).items()
    ]  # fmt: skip
    write_lines(place / "completions.jsonl", lines)
    (place / "args.json").write_text(json.dumps({"num_generations": SIZE, "dynamic_sample": sampled}))


def budget(place):
    return next(iter(fb.audit(place, texts=False).budget.values()))


@pytest.mark.parametrize("producer", ["prime", "nemo", "open", "swift"])
def test_the_effective_stream_looks_better_than_it_is_and_says_so(streams, producer):
    whole, effective = budget(streams / f"{producer}_all"), budget(streams / f"{producer}_effective")
    assert whole.code is None
    assert whole.contrast_bits.low <= BITS <= whole.contrast_bits.high
    assert whole.dead_groups.low <= DEAD <= whole.dead_groups.high
    assert effective.contrast_bits.value > whole.contrast_bits.value
    assert effective.contrast_bits.low > BITS  # not noise: its interval lies above the truth
    assert effective.code == "BUDGET_FILTERED"
    assert "the share of dead groups is unknown" in effective.reason
    assert effective.dead_groups is None
    assert effective.all_wrong is None
    assert effective.oversampling is None


def test_a_dump_that_cannot_say_so_is_found_out_by_its_groups(tmp_path):
    world = World(prompts=100, base=Atoms([(0.2, 1.0)]), sizes=Fixed(4), signals={"exact": Channel(tpr=1.0, fpr=0.0)})
    frame = world.log(5, 3)
    kept = frame.filter(pl.col("signal.exact").n_unique().over("round", "prompt_id") > 1)
    write_verl_v1(frame, tmp_path / "whole")
    write_verl_v1(kept, tmp_path / "kept")  # as verl's filter_groups leaves it
    whole, found = budget(tmp_path / "whole"), budget(tmp_path / "kept")
    assert whole.dead_groups.low <= 0.2**4 + 0.8**4 <= whole.dead_groups.high
    assert found.code == "BUDGET_FILTERED"
    assert "the log looks filtered" in found.reason
    assert found.dead_groups is None


def test_the_world_is_as_said(drawn):
    dead = drawn.group_by("round", "prompt_id").agg(pl.col("signal.exact").n_unique() == 1)["signal.exact"]
    assert np.isclose(dead.mean(), DEAD, atol=0.15)


@pytest.mark.parametrize("name", ["nemo_rl_sampled", "open_instruct", "swift_sampled"])
def test_a_small_filtered_log_counts_no_dead_groups_either(name):
    audit = fb.audit(FIXTURES / name, texts=False)
    found = next(iter(audit.budget.values()))
    assert found.code == "FEW_PROMPTS"
    assert "so their share is unknown" in found.reason
    assert found.dead_rollouts is None
    assert any("the share of dead groups is unknown" in note for note in audit.log.notes)
