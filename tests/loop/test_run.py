"""Loops that are run, with trainers: small ones. What a round is a function of, what is on disk, what is refused."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import polars as pl
import pytest
import torch

import freshbits as fb
from freshbits.errors import InputError
from freshbits.loop.declare import Loop
from freshbits.loop.evaluation import exact, sampled
from freshbits.loop.generate import Local
from freshbits.loop.model.likelihood import logprobs
from freshbits.loop.model.model import load
from freshbits.loop.parts import Model as Declared
from freshbits.loop.rounds import Rounds
from freshbits.loop.run import run
from freshbits.loop.tasks.sums import Sums
from freshbits.loop.train.examples import Example
from freshbits.loop.train.relative import Scored, reinforce
from freshbits.loop.train.shared import Updates
from freshbits.loop.train.supervised import supervise

if TYPE_CHECKING:
    from pathlib import Path

TINY = Declared(config="tiny")
EXACT = {"verifier": "exact"}
HELD = ("ledger.json", "model.safetensors", "rollouts.parquet")


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def declared(method: str = "rft", signal: object = EXACT, **train: object) -> Loop:
    small = {"prompts": 12, "samples": 4, "rounds": 2, "batch": 16, **train}
    return Loop(
        name=method,
        task={"environment": "sums", "seed": 1},
        model={"config": "tiny"},
        signal=signal,
        train={"method": method, **small},
        seed=5,
    )


def contents(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes() for path in directory.rglob("*") if path.is_file()
    }


@pytest.fixture(scope="module")
def rft(tmp_path_factory):
    directory = tmp_path_factory.mktemp("loops") / "rft"
    return run(declared(), directory), directory


def test_the_base_checkpoint_is_the_one_of_its_recipe_and_right_about_half_of_the_time():
    from hashlib import sha256

    from freshbits.loop.model.tiny import base_path

    recipe = json.loads((base_path() / "recipe.json").read_text())
    assert sha256((base_path() / "model.safetensors").read_bytes()).hexdigest() == recipe["sha256"]
    for domain in ("sums", "differences"):
        task = Sums(domains=(domain,))
        for side in ("train", "held_out"):
            found = exact(load(TINY), task, getattr(task, side))
            assert found.mean("accuracy") == pytest.approx(recipe["reached"][f"{domain}, {side}"]["accuracy"], abs=2e-3)
            assert 0.45 <= found.mean("accuracy") <= 0.6


def test_what_is_drawn_agrees_with_the_exact_evaluation_and_with_its_log_probability():
    model, task = load(TINY), Sums()
    prompts = task.held_out[:10]
    truth = exact(model, task, prompts)

    def judge(asked, texts):
        return [task.check(prompt, text) for prompt, text in zip(asked, texts, strict=True)]

    found = sampled(Local(model, 6), judge, prompts, 60, seed=1)
    error = (sum(each.accuracy * (1 - each.accuracy) / 60 for each in truth.prompts)) ** 0.5 / 10
    assert abs(found.mean("accuracy") - truth.mean("accuracy")) < 4 * error
    drawn = Local(model, 6).generate([prompts[0].text] * 100, 1.0, seed=2)
    logprobs = {each.text: each.logprob for each in drawn if not each.truncated}
    right = {text for text in logprobs if task.check(prompts[0], text)}
    assert sum(2.718281828 ** logprobs[text] for text in right) <= truth.prompts[0].accuracy + 1e-6
    assert drawn == Local(model, 6).generate([prompts[0].text] * 100, 1.0, seed=2)


def test_every_round_lies_whole_on_disk_and_the_ledger_says_what_is_there(rft):
    found, directory = rft
    assert sorted(contents(directory)) == sorted(
        ["run.json", *(f"round-00{n}/{name}" for n in range(3) for name in HELD)]
    )
    assert [row.round for row in found.rounds] == [0, 1, 2]
    for row in found.rounds:
        rows = Rounds(directory).rollouts(row.round)
        assert (rows.height, row.rollouts) == (48, 48)
        assert rows["signal.exact"].equals(rows["truth"].rename("signal.exact"))
        task = Sums(seed=1)
        prompts = {prompt.text: prompt for prompt in task.train[:12]}
        right = [task.check(prompts[p], c) for p, c in rows.select("prompt", "completion").iter_rows()]
        assert rows["truth"].to_list() == right
        assert row.accuracy.value == pytest.approx(sum(right) / 48, abs=1e-5)
        if row.round:
            last = Rounds(directory).rollouts(row.round - 1)
            assert row.evaluation["trained_rows"] == last["signal.exact"].sum()
    listed = found.to_json()["rounds"]
    assert {"round", "accuracy", "distinct", "contrast_bits"} <= set(listed[0])
    assert json.loads(found.dumps())["rounds"] == json.loads(json.dumps(listed))


def test_the_weights_on_disk_are_those_that_wrote_and_were_measured(rft):
    found, directory = rft
    task = Sums(seed=1)
    seen = set()
    for row in found.rounds:
        model = load(TINY, Rounds(directory).folder(row.round))
        accuracy = exact(model, task, task.held_out).mean("accuracy")
        assert accuracy == pytest.approx(row.evaluation["held_out_accuracy"], abs=1e-6)
        seen.add(round(accuracy, 6))
        rows = Rounds(directory).rollouts(row.round)
        asked = [model.encode_prompt(prompt) for prompt in rows["prompt"]]

        again = logprobs(model.network, model.pad, asked, rows["token_ids"].to_list())
        assert again == pytest.approx(rows["logprob"].to_list(), abs=1e-4)
    assert len(seen) == 3  # training moved it in every round


def test_a_run_that_was_killed_goes_on_to_the_same_bytes(rft, tmp_path):
    _, whole = rft

    class Killed(Exception):  # noqa: N818
        pass

    def kill(words: str) -> None:
        if words.startswith("round 1"):
            raise Killed

    with pytest.raises(Killed):
        run(declared(), tmp_path / "rft", progress=kill)
    (tmp_path / "rft" / ".round-002.left").mkdir()
    (tmp_path / "rft" / ".round-002.left" / "rollouts.parquet").write_bytes(b"half")
    run(declared(), tmp_path / "rft", resume=True)
    assert contents(tmp_path / "rft") == contents(whole)
    run(declared(), tmp_path / "rft", resume=True)
    assert contents(tmp_path / "rft") == contents(whole)


def test_a_run_whose_weights_are_gone_does_not_begin_again_from_the_base(rft, tmp_path):
    _, whole = rft
    shutil.copytree(whole, tmp_path / "rft")
    shutil.rmtree(tmp_path / "rft" / "round-002")
    Rounds(tmp_path / "rft").drop_weights(1)
    with pytest.raises(InputError, match="there are no weights to go on from"):
        run(declared(), tmp_path / "rft", resume=True)


def test_a_round_that_fails_leaves_nothing_behind(tmp_path):
    rounds = Rounds(tmp_path)

    def fail() -> None:
        with rounds.writing(0) as folder:
            (folder / "rollouts.parquet").write_bytes(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (list(tmp_path.iterdir()), rounds.done) == ([], 0)


def test_the_log_of_a_run_is_audited_as_it_lies(rft):
    _, directory = rft
    found = fb.audit(directory)
    assert (found.log.rollouts, found.log.rounds, found.log.signals, found.log.truth) == (144, 3, ["exact"], True)
    assert found.log.groups == 36


def test_methods_and_controls_have_equal_budgets_and_do_what_they_say(rft, tmp_path):
    rows, _ = rft
    closed = run(declared("self", "none", rounds=1), tmp_path / "self")
    frozen = run(declared(), tmp_path / "frozen", control="frozen")
    fresh = run(declared(rounds=1), tmp_path / "fresh", control="fresh")
    lots = run(declared(rounds=1), tmp_path / "lots", control="random")
    reference = run(declared("sft", {"reference": "task"}, rounds=1), tmp_path / "sft")
    mixed = run(declared("self", "none", fresh=0.25, rounds=1), tmp_path / "mixed")
    pool = run(declared(pool="accumulate"), tmp_path / "pool")
    updates = {found.rounds[-1].evaluation["updates"] for found in (rows, closed, fresh, lots, reference, mixed, pool)}
    assert updates == {6.0}  # two passes over 48 completions, 16 at a time
    first = {json.dumps(found.rounds[0].evaluation) for found in (rows, closed, frozen, fresh, lots)}
    assert len(first) == 1
    assert {found.rounds[1].evaluation["trained_rows"] for found in (closed, fresh, mixed)} == {48.0}
    assert reference.rounds[1].evaluation["trained_rows"] == 12.0
    assert closed.rounds[0].contrast_bits.value == 0.0
    assert len({row.evaluation["held_out_accuracy"] for row in frozen.rounds}) == 1
    texts = [Rounds(tmp_path / "frozen").rollouts(n)["completion"].to_list() for n in range(3)]
    assert texts[0] != texts[1] != texts[2]  # the same weights write anew: no trainer set the generator back
    drawn = Rounds(tmp_path / "lots").rollouts(0)
    assert drawn["signal.exact"].to_list() != drawn["truth"].to_list()
    kept = [found.rounds[n].evaluation["trained_rows"] for found in (rows, pool) for n in (1, 2)]
    assert kept[2] == kept[0]
    assert kept[3] > kept[1]


def test_a_policy_gradient_moves_on_contrast_and_stays_where_there_is_none(tmp_path):
    task = Sums()
    prompts = [prompt.text for prompt in task.train[:4] for _ in range(4)]
    updates = Updates(steps=3, batch=8, rate=1e-3, seed=1)

    def after(rewards):
        model = load(TINY)
        drawn = Local(model, 6).generate(prompts, 1.0, seed=3)
        rows = [Scored(p, each.tokens, r) for p, each, r in zip(prompts, drawn, rewards, strict=True)]
        reinforce(model, rows, 4, updates, tmp_path)
        model.save(tmp_path)
        return load(TINY, tmp_path)

    base = load(TINY).network.state_dict()
    for rewards, moves in (([1.0] * 16, False), ([1.0, 0.0] * 8, True)):
        weights = after(rewards).network.state_dict()
        assert any(not torch.equal(weights[name], base[name]) for name in base) is moves


def test_a_single_update_moves_the_weights(tmp_path):
    model = load(TINY)
    rows = [Example("75=", tuple(model.encode_completion("32+43")))] * 4
    supervise(model, rows, Updates(steps=1, batch=4, rate=1e-3, seed=1), tmp_path)
    base = load(TINY).network.state_dict()
    assert any(not torch.equal(value, base[name]) for name, value in model.network.state_dict().items())


def test_a_network_built_anew_reads_its_own_weights_after_a_trainer_used_another(tmp_path):
    task, model = Sums(), load(TINY)
    rows = [Example(p.text, tuple(model.encode_completion(task.answers(p)[0]))) for p in task.train[:16]]
    before = exact(load(TINY), task, task.held_out[:4]).mean("accuracy")
    supervise(model, rows, Updates(steps=5, batch=16, rate=1e-2, seed=1), tmp_path)
    model.save(tmp_path)
    trained = exact(model, task, task.held_out[:4]).mean("accuracy")
    again = load(TINY, tmp_path)
    assert exact(again, task, task.held_out[:4]).mean("accuracy") == pytest.approx(trained, abs=1e-6)
    assert abs(trained - before) > 1e-3
    with torch.no_grad():
        for weight in again.network.parameters():
            weight.zero_()
    ids = torch.tensor([model.encode_prompt("75=")])
    assert again.network(input_ids=ids).logits.abs().max() == 0
    assert exact(model, task, task.held_out[:4]).mean("accuracy") == pytest.approx(trained, abs=1e-6)


def test_a_relative_loop_an_adapter_and_own_state_signals_run(tmp_path):
    grpo = run(declared("grpo", rounds=1), tmp_path / "grpo")
    assert grpo.rounds[1].evaluation["held_out_accuracy"] != grpo.rounds[0].evaluation["held_out_accuracy"]
    loop = declared(rounds=1, signal="majority_vote")
    adapted = Loop(**{**loop.data(), "model": {"config": "tiny", "peft": {"r": 4, "lora_alpha": 8}}})
    run(adapted, tmp_path / "lora")
    kept = sorted(path.name for path in (tmp_path / "lora" / "round-001").iterdir())
    assert kept == ["adapter.safetensors", "ledger.json", "rollouts.parquet"]
    sure = run(declared(rounds=1, signal="confidence"), tmp_path / "sure")
    assert 12 <= sure.rounds[1].evaluation["trained_rows"] <= 24  # at most the upper half of every group of four


def test_rows_of_a_table_are_a_task_with_a_named_verifier(tmp_path):
    rows = [{"question": f"{n}=", "label": f"{n}+00"} for n in range(10, 22)]
    pl.DataFrame(rows).write_ndjson(tmp_path / "rows.jsonl")
    loop = Loop(
        task={"dataset": str(tmp_path / "rows.jsonl"), "prompt": "question", "answer": "label"},
        model={"config": "tiny"}, signal={"verifier": "exact"}, meter={"truth": "exact", "samples": 2},
        train={"method": "rft", "rounds": 1, "samples": 2, "max_tokens": 6},
    )  # fmt: skip
    found = run(loop, tmp_path / "run")
    assert found.rounds[0].prompts == 10
    assert found.rounds[0].evaluation["held_out_accuracy"] is not None
    assert "answer" in Rounds(tmp_path / "run").rollouts(0).columns


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"signal": {"rubric": "r.yaml"}}, "nobody reads the rubric"),
        ({"signal": {"reference": "teacher"}, "method": "sft"}, "references from 'teacher'"),
        ({"method": "grpo", "pool": "accumulate"}, "learns from the round's own rollouts"),
        ({"prompts": 90}, "80 prompts to train on, not 90"),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_is_trained(change, words, tmp_path):
    with pytest.raises(InputError, match=words):
        run(declared(**change), tmp_path / "run")


def test_a_directory_is_never_run_into_by_mistake(rft, tmp_path):
    _, directory = rft
    with pytest.raises(InputError, match="holds a run already"):
        run(declared(), directory)
    with pytest.raises(InputError, match="begun with another loop"):
        run(declared(samples=8), directory, resume=True)
    with pytest.raises(InputError, match="begun with another control"):
        run(declared(), directory, resume=True, control="fresh")
    with pytest.raises(InputError, match="there is no control 'frosen'"):
        run(declared(), tmp_path / "new", control="frosen")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="holds other files"):
        run(declared(), tmp_path / "other")


def test_the_command_runs_resumes_and_writes_json(freshbits, rft, tmp_path):
    _, directory = rft
    shutil.copytree(directory, tmp_path / "run")
    file = tmp_path / "loop.yaml"
    file.write_text(declared().dumps())
    done = freshbits("run", str(file), "-o", str(tmp_path / "run"), "--resume", "--json", "-")
    assert done.code == 0
    assert [row["round"] for row in json.loads(done.out)["rounds"]] == [0, 1, 2]
    page = freshbits("run", str(file), "-o", str(tmp_path / "run"), "--resume")
    assert page.out.startswith("rft, 2 rounds: accuracy 54 % →")
    assert f"freshbits audit {tmp_path / 'run'}" in page.out
    refused = freshbits("run", str(file), "-o", str(tmp_path / "run"))
    assert (refused.code, refused.out) == (2, "")
    assert "go on with --resume" in refused.err
