"""open-instruct, ms-swift, SkyRL, slime and tables of W&B, with the traps that they hold."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from freshbits.errors import InputError
from freshbits.rollouts.read import read

FIXTURES = Path(__file__).parents[1] / "fixtures" / "rollouts"
RIGHTS = {"1+1=": [1, 1, 1, 1], "2+2=": [0, 1, 0, 0], "3+3=": [1, 1, 0, 0]}


def rows(log):
    return pl.concat(log.batches())


def judged(frame, signal, per=("prompt",)):
    """Returns the scores of each prompt, in order."""
    found = frame.group_by(*per, maintain_order=True).agg(pl.col(signal))
    return {row[0]: row[-1] for row in found.rows()}


def test_open_instruct_without_text_or_dropped_groups_says_so():
    log = read(FIXTURES / "open_instruct")
    frame = rows(log)
    assert log.format == "open-instruct rollouts"
    assert "this log holds none" in log.filtered
    assert frame.group_by("group").len()["len"].to_list() == [4] * 4
    assert frame["signal.reward"].to_list() == [0, 10, 0, 0, 10, 10, 0, 0] * 2
    assert frame["logprob"].to_list() == [-0.5 * tokens for tokens in frame["tokens"]]
    assert not frame["completion"].str.contains(r"\d").any()  # no number may be read in what is no text
    right = frame["signal.reward"] == 10
    assert frame.filter(right)["completion"].n_unique() == 2  # "so it is 4" and "so it is 6"
    assert any("token ids only" in note and "tokenizer.json of org/tiny" in note for note in log.notes)


def test_open_instruct_reads_filtered_groups_and_text_where_they_are_kept():
    pytest.importorskip("tokenizers")
    log = read(FIXTURES / "open_instruct_whole")
    frame = rows(log)
    assert log.filtered is None
    assert frame.height == 24
    assert frame.group_by("group").len()["len"].to_list() == [4] * 6
    wanted = {prompt: [10.0 * right for right in rights] for prompt, rights in RIGHTS.items()}
    assert judged(frame.filter(step=1), "signal.reward") == wanted
    assert frame.filter(prompt="1+1=")["completion"].unique().to_list() == ["so it is 2"]
    assert any("the whole sample" in note for note in log.notes)


def test_open_instruct_that_kept_dead_groups_is_the_whole_sample(tmp_path):
    kept = (FIXTURES / "open_instruct" / "run_rollouts_000000.jsonl").read_text()
    dead = [json.loads(line) | {"prompt_idx": 9, "reward": 0.0} for line in kept.splitlines()[:4]]
    (tmp_path / "run_rollouts_000000.jsonl").write_text("".join(json.dumps(row) + "\n" for row in dead) + kept)
    log = read(tmp_path)
    assert log.filtered is None
    assert any("written unfiltered" in note for note in log.notes)


def test_open_instruct_tells_a_restarted_run_from_the_same_groups(tmp_path):
    shard = FIXTURES / "open_instruct" / "run_rollouts_000000.jsonl"
    kept = [json.loads(line) for line in shard.read_text().splitlines()]
    again = [row | {"prompt_tokens": [*row["prompt_tokens"], 7]} for row in kept]  # other prompts at the same steps
    (tmp_path / "run_rollouts_000000.jsonl").write_text("".join(json.dumps(row) + "\n" for row in kept + again))
    assert rows(read(tmp_path)).group_by("group").len()["len"].to_list() == [4] * 8


def test_swift_takes_batches_apart_each_once_and_leaves_the_evaluation_out():
    log = read(FIXTURES / "swift")
    frame = rows(log)
    assert log.format == "ms-swift completions"
    assert log.signals == ("MathAccuracy", "Format", "total")
    assert log.weights == {"MathAccuracy": 1.0, "Format": 0.2}
    assert log.duplicates == [12]  # the batch of step 1 stands again under step 2
    assert frame["step"].to_list() == [1] * 12 + [3] * 12
    assert judged(frame.filter(step=3), "signal.MathAccuracy") == RIGHTS
    assert frame.group_by("group").len()["len"].to_list() == [4] * 6
    assert not frame["prompt"].is_in(["9+9=", "8+8="]).any()
    assert any("2 rows: a second batch under the same step, as an evaluation writes it" in s
               for s in log.problems.sentences())  # fmt: skip
    assert log.filtered is None


def test_swift_reads_nan_as_unscored():
    frame = rows(read(FIXTURES / "swift"))
    assert frame["signal.Format"].null_count() == 2
    assert frame.filter(pl.col("signal.Format").is_null())["signal.total"].null_count() == 2
    assert "NaN" in (FIXTURES / "swift" / "completions.jsonl").read_text()


def test_swift_says_that_dynamic_sampling_replaced_groups(tmp_path):
    assert "dynamic_sample" in read(FIXTURES / "swift_sampled").filtered
    shutil.copy(FIXTURES / "swift_sampled" / "completions.jsonl", tmp_path)
    log = read(tmp_path)  # without args.json nothing is known
    assert log.filtered is None
    assert any("no args.json says whether dynamic_sample was on" in note for note in log.notes)
    assert rows(log).group_by("group").len()["len"].to_list() == [4, 4]  # by row order


@pytest.mark.parametrize("size", [1, 5, 13])
def test_swift_does_not_depend_on_how_rows_are_cut(size, monkeypatch):
    whole = rows(read(FIXTURES / "swift"))
    from freshbits.rollouts.tables import jsonl

    monkeypatch.setattr(jsonl, "CHUNK_ROWS", size)
    log = read(FIXTURES / "swift")
    assert rows(log).equals(whole)
    assert log.duplicates == [12]


def test_swift_rows_of_the_ray_trainer_are_read_as_rows(tmp_path):
    line = {"gen_step": 4, "prompt": "user: q\n", "completion": "a", "reward": 1.0}
    (tmp_path / "completions.jsonl").write_text(json.dumps(line) + "\n" + json.dumps(line | {"reward": 0.0}) + "\n")
    log = read(tmp_path)
    assert log.format == "ms-swift completions"
    assert rows(log).select("step", "signal.reward").rows() == [(4, 1.0), (4, 0.0)]


def test_skyrl_sums_token_scores_and_keeps_evaluations_apart():
    log = read(FIXTURES / "skyrl")
    frame = rows(log)
    assert log.format == "SkyRL evaluation dumps"
    assert "step" not in log.schema
    assert frame.group_by("group").len()["len"].to_list() == [4] * 6
    first = frame.filter(pl.col("extra.evaluated_at") == 0)
    assert judged(first, "signal.score") == RIGHTS
    last = judged(frame.filter(pl.col("extra.evaluated_at") == 5), "signal.score")
    assert last == RIGHTS | {"1+1=": [None, 1, 1, 1]}  # a missing token score is no 0
    assert frame["answer"].unique().sort().to_list() == ["2", "4", "6"]
    assert frame["truncated"].sum() == 6
    assert any("evaluations at steps 0, 5: they are no rounds" in note for note in log.notes)


def test_slime_exported_counts_only_what_the_model_wrote():
    log = read(FIXTURES / "slime")
    frame = rows(log)
    assert log.format == "slime samples"
    assert set(frame["tokens"]) == {3}  # not the 5 with the prompt
    assert set(frame["logprob"]) == {-0.75}
    assert judged(frame, "signal.reward") == RIGHTS | {"2+2=": [None, 1, 0, 0]}  # the aborted one
    assert frame["truncated"].sum() == 1
    assert any("the dump does not say so" in note for note in log.notes)


def test_a_table_of_wandb_is_read_once():
    log = read(FIXTURES / "wandb")
    frame = rows(log)
    assert log.format == "W&B completion tables"
    assert log.signals == ("reward", "reward_accuracy", "reward_format")
    assert log.duplicates == [12]
    assert frame["step"].to_list() == [1] * 12
    assert judged(frame, "signal.reward_accuracy") == RIGHTS
    assert frame.group_by("group").len()["len"].to_list() == [4] * 3
    assert any("reward is the total of reward_accuracy, reward_format" in note for note in log.notes)


def test_rewardspy_is_refused_with_what_is_missing(tmp_path):
    path = tmp_path / "rewards.jsonl"
    path.write_text('{"call_id": "c", "step": 1, "scalar_reward": 1.0, "components": {}, "input_length": 3}\n')
    with pytest.raises(InputError, match="without prompt, completion or group; log the rollouts themselves"):
        read(path)


def test_swift_with_an_empty_first_line_is_still_swift(tmp_path):
    empty = {"step": [], "prompt": [], "completion": [], "exact": [], "advantages": []}
    full = {
        "step": ["1"] * 2,
        "prompt": ["q"] * 2,
        "completion": ["a", None],
        "exact": [1.0, 0.0],
        "advantages": [0.0] * 2,
    }
    (tmp_path / "completions.jsonl").write_text(json.dumps(empty) + "\n" + json.dumps(full) + "\n")
    log = read(tmp_path)
    assert log.format == "ms-swift completions"
    assert rows(log)["signal.exact"].to_list() == [1.0, 0.0]


def test_a_csv_of_an_old_table_of_trl_is_read_plainly(tmp_path):
    lines = ["step,prompt,completion,reward,reward_exact"]
    lines += [f"1,q{at // 4},a{at},{at % 2 + 0.5},{at % 2}" for at in range(8)]
    (tmp_path / "table.csv").write_text("\n".join(lines) + "\n")
    log = read(tmp_path / "table.csv")
    assert log.signals == ("reward", "reward_exact")
    assert rows(log).select("step", "prompt", "signal.reward", "signal.reward_exact").row(1) == (1, "q0", 1.5, 1.0)
