"""Loops on an environment of several turns: what is trained on, what is logged, what a resumed run ends in."""

from __future__ import annotations

import json
from functools import partial

import polars as pl
import pytest
import torch

import freshbits as fb
from freshbits.errors import InputError
from freshbits.loop.declare import Loop
from freshbits.loop.episodes import told
from freshbits.loop.generate import Local
from freshbits.loop.model.likelihood import logprobs
from freshbits.loop.model.model import load
from freshbits.loop.parts import Model as Declared
from freshbits.loop.rounds import Rounds
from freshbits.loop.run import run
from freshbits.loop.tasks.build import build
from freshbits.loop.train.examples import Example
from freshbits.loop.train.relative import Scored, reinforce
from freshbits.loop.train.shared import Updates
from freshbits.loop.train.supervised import supervise
from freshbits.signals.environments.environment import Start
from freshbits.signals.environments.guess import Guess

TINY = Declared(config="tiny-turns")
SIGNALS = [{"environment": "success"}, {"environment": "step_reward", "weight": 0.0, "accept": 0.0}]


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def declared(method: str = "rft", signal: object = SIGNALS, **train: object) -> Loop:
    small = {"prompts": 8, "samples": 4, "rounds": 2, "batch": 16, **train}
    return Loop(
        name=method,
        task={"environment": "guess", "seed": 1},
        model={"config": "tiny-turns"},
        signal=signal,
        train={"method": method, **small},
        meter={"samples": 2},
        seed=5,
    )


def contents(directory):
    return {p.relative_to(directory).as_posix(): p.read_bytes() for p in directory.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def rft(tmp_path_factory):
    directory = tmp_path_factory.mktemp("turns") / "rft"
    return run(declared(), directory), directory


def test_the_base_succeeds_in_less_than_half_of_its_episodes_and_is_the_one_of_its_recipe():
    from hashlib import sha256

    from freshbits.loop.model.pretrain_turns import TurnsRecipe, succeeded
    from freshbits.loop.model.tiny import turns_path

    recipe = json.loads((turns_path() / "recipe.json").read_text())
    assert sha256((turns_path() / "model.safetensors").read_bytes()).hexdigest() == recipe["sha256"]
    task = TurnsRecipe().task
    found = succeeded(load(TINY), task, task.held_out, 20, 1)
    assert abs(found - recipe["reached"]["held_out"]) < 4 * (0.25 / 400 + 0.25 / 1280) ** 0.5
    assert 0.3 < found < 0.5


def test_held_out_prompts_are_the_same_for_every_seed_and_size():
    one, other = (build(Loop(**{**declared().data(), "task": {"environment": "guess", **more}}).task)
                  for more in ({"seed": 1}, {"seed": 2, "size": 60}))  # fmt: skip
    held = {prompt.text for prompt in one.held_out}
    assert {prompt.text for prompt in other.held_out} <= held
    assert not {prompt.text for prompt in other.train} & held
    assert (len(one.train), len(one.held_out)) == (66, 20)


def test_a_row_holds_what_the_model_wrote_and_what_it_read_and_says_which(rft):
    _, directory = rft
    game = Guess()
    for number in range(3):
        model = load(TINY, Rounds(directory).folder(number))
        rows = Rounds(directory).rollouts(number)
        assert rows.height == 32
        for row in rows.to_dicts():
            spoken = json.loads(row["extra.transcript"])
            messages = [each["content"] for each in spoken["messages"] if each["role"] == "assistant"]
            answers = [each["content"] for each in spoken["messages"] if each["role"] == "user"][1:]
            assert row["completion"] == "\n\n".join(messages)  # no answer of the environment is part of it
            assert row["turns"] == len(messages)
            episode = game.reset(Start(spoken["key"], row["prompt"]), spoken["seed"])
            steps = [episode.step(message) for message in messages]
            assert [step.observation for step in steps] == answers
            assert row["truth"] == row["signal.success"] == row["extra.return"] == float(episode.found)
            assert row["signal.step_reward"] == pytest.approx(sum(step.reward for step in steps))
            assert row["extra.turn_1"] == pytest.approx(steps[0].reward)
            own = [token for token, mine in zip(row["token_ids"], row["token_sampled"], strict=True) if mine]
            read = [token for token, mine in zip(row["token_ids"], row["token_sampled"], strict=True) if not mine]
            assert row["tokens"] == len(own)
            if not row["truncated"]:
                assert own == [token for message in messages for token in model.encode_completion(message)]
                assert read == [token for answer in answers[:-1] for token in model.encode_observation(answer)]
        asked = [model.encode_prompt(prompt) for prompt in rows["prompt"]]
        whole = rows["token_ids"].to_list()
        own = logprobs(model.network, model.pad, asked, whole, rows["token_sampled"].to_list())
        assert own == pytest.approx(rows["logprob"].to_list(), abs=1e-4)
        assert sum(logprobs(model.network, model.pad, asked, whole)) < sum(own) - 1.0  # what was read is not counted


def test_every_attempt_is_hidden_a_number_of_its_own(rft):
    _, directory = rft
    seeds = [
        {
            (row["prompt"], json.loads(row["extra.transcript"])["seed"])
            for row in Rounds(directory).rollouts(n).to_dicts()
        }
        for n in range(2)
    ]
    assert len(seeds[0]) == len(seeds[1]) == 32
    assert not seeds[0] & seeds[1]


def nll(model, prompt, tokens, mask):
    """Mean -ln P of the chosen tokens, as a tensor that knows where it comes from."""
    asked = model.encode_prompt(prompt)
    ids = torch.tensor([[*asked, *tokens]])
    logs = model.network(input_ids=ids).logits[0, :-1].float().log_softmax(-1)
    each = logs.gather(1, ids[0, 1:, None])[:, 0][len(asked) - 1 :]
    chosen = torch.tensor(mask)
    return -each[chosen].sum(), int(chosen.sum())


def gradient_of(model, loss):
    (found,) = torch.autograd.grad(loss, [model.network.get_input_embeddings().weight])
    return found.flatten()


def gradients_in(model, train):
    """The first gradient that reaches the embeddings while a trainer trains."""
    found = []
    handle = model.network.get_input_embeddings().weight.register_hook(lambda grad: found.append(grad.detach().clone()))
    train()
    handle.remove()
    return found[0].flatten()


def alike(one, other):
    return float(torch.nn.functional.cosine_similarity(one, other, dim=0))


def test_the_gradient_of_supervised_training_is_that_of_the_sampled_tokens_only(tmp_path):
    model = load(TINY)
    tokens = (*model.encode_completion("91"), *model.encode_observation("-"), *model.encode_completion("51"))
    mask = (True, True, True, False, True, True, True)
    for chosen in (mask, (True,) * 7):
        fresh = load(TINY)
        rows = [Example("21~62=", tokens, None if all(chosen) else chosen)]
        updates = Updates(steps=1, batch=1, rate=1e-4, seed=1)
        seen = gradients_in(fresh, partial(supervise, fresh, rows, updates, tmp_path))
        other = load(TINY)
        total, count = nll(other, "21~62=", tokens, chosen)
        expected = gradient_of(other, total / count)
        assert torch.allclose(seen, expected, atol=1e-5)
    masked, every = (nll(model, "21~62=", tokens, chosen) for chosen in (mask, (True,) * 7))
    assert alike(gradient_of(model, masked[0]), gradient_of(model, every[0])) < 0.999


def test_the_gradient_of_relative_training_is_that_of_the_sampled_tokens_only(tmp_path):
    base = load(TINY)
    write, read = base.encode_completion, base.encode_observation
    told_ = [(*write("91"), *read("-"), *write("51")), (*write("71"), *read("+"), *write("02"))]
    mask = (True, True, True, False, True, True, True)
    rewards = [1.0, 0.0]
    model = load(TINY)
    rows = [Scored("21~62=", tokens, value, mask) for tokens, value in zip(told_, rewards, strict=True)]
    updates = Updates(steps=1, batch=2, rate=1e-4, seed=1)
    seen = gradients_in(model, lambda: reinforce(model, rows, 2, updates, tmp_path))

    def expected(chosen):
        other = load(TINY)
        loss = sum(
            sign * nll(other, "21~62=", tokens, chosen)[0] for sign, tokens in zip((1.0, -1.0), told_, strict=True)
        )
        return gradient_of(other, loss)

    assert alike(seen, expected(mask)) > 0.9999
    assert alike(seen, expected((True,) * 7)) < 0.999
    nothing = [Scored("21~62=", tokens, value, (False,) * 7) for tokens, value in zip(told_, rewards, strict=True)]
    still = load(TINY)
    reinforce(still, nothing, 2, Updates(steps=2, batch=2, rate=1e-2, seed=1), tmp_path)
    before = load(TINY).network.state_dict()
    assert all(torch.equal(value, before[name]) for name, value in still.network.state_dict().items())


def test_a_message_that_is_cut_is_ended_by_a_token_that_nobody_wrote():
    task = build(declared().task)
    model = load(TINY)
    prompts = list(task.train[:6])
    found = told(task, model, Local(model, 1), prompts, range(6), 1.0, 3)
    for each in found:
        assert each.played.truncated
        cut = [place for place, mine in enumerate(each.sampled) if mine]
        assert all(each.tokens[place] != model.end for place in cut)
        after = [each.tokens[place + 1] for place in cut if place + 1 < len(each.tokens)]
        assert set(after) <= {model.end}
        assert [own for place, own in enumerate(each.sampled) if each.tokens[place] == model.end] == [False] * len(
            after
        )


def test_a_run_that_was_killed_goes_on_to_the_same_bytes(rft, tmp_path):
    _, whole = rft

    class Killed(Exception):  # noqa: N818
        pass

    def kill(words: str) -> None:
        if words.startswith("round 1"):
            raise Killed

    with pytest.raises(Killed):
        run(declared(), tmp_path / "rft", progress=kill)
    run(declared(), tmp_path / "rft", resume=True)
    assert contents(tmp_path / "rft") == contents(whole)


def test_every_method_and_control_runs_and_is_trained_equally_long(rft, tmp_path):
    rows, _ = rft
    one = {"rounds": 1}
    grpo = run(declared("grpo", **one), tmp_path / "grpo")
    own = run(declared("self", "none", **one), tmp_path / "self")
    fixed = run(declared("sft", {"reference": "task"}, **one), tmp_path / "sft")
    fresh = run(declared(**one), tmp_path / "fresh", control="fresh")
    lots = run(declared(**one), tmp_path / "lots", control="random")
    frozen = run(declared(**one), tmp_path / "frozen", control="frozen")
    assert {found.rounds[1].evaluation["updates"] for found in (rows, grpo, own, fixed, fresh, lots)} == {4.0}
    assert [found.rounds[1].evaluation["trained_rows"] for found in (grpo, own, fixed, fresh)] == [
        32.0,
        32.0,
        8.0,
        32.0,
    ]
    first = Rounds(tmp_path / "frozen")
    weights = [(first.folder(number) / "model.safetensors").read_bytes() for number in (0, 1)]
    assert weights[0] == weights[1]
    assert frozen.rounds[1].evaluation["updates"] == 0.0
    drawn = Rounds(tmp_path / "lots").rollouts(0)
    assert drawn["signal.success"].to_list() != drawn["truth"].to_list()
    assert rows.rounds[1].evaluation["trained_rows"] == Rounds(rft[1]).rollouts(0)["signal.success"].sum()


def test_the_log_is_audited_with_its_turns_and_the_parts_of_its_reward(rft, freshbits):
    _, directory = rft
    found = fb.audit(directory)
    assert (found.log.signals, found.log.truth, found.log.rollouts) == (["success", "step_reward"], True, 96)
    mean = pl.concat([Rounds(directory).rollouts(n) for n in range(3)])["turns"].mean()
    assert f"episodes of several turns: {mean:.1f} messages of the model a rollout on average" in found.log.notes
    assert set(found.components) == {"success", "step_reward"}
    declared_ = [found.openness[name].origin for name in found.log.signals]
    assert declared_ == ["external", "external"]


def test_what_cannot_be_run_is_refused_in_one_sentence(tmp_path):
    served = Loop(**{**declared().data(), "model": {"config": "tiny-turns", "server": {
        "url": "http://localhost:1", "model": "m", "reload": "true"}}})  # fmt: skip
    with pytest.raises(InputError, match="written in this process only"):
        run(served, tmp_path / "served")
    with pytest.raises(InputError, match=r"gives no 'sucess' \(nearest: success\)"):
        run(declared(signal={"environment": "sucess"}), tmp_path / "part")
    loop = Loop(**{**declared().data(), "task": {"environment": "guess", "options": {"max_turns": 0}}})
    with pytest.raises(InputError, match="max_turns: 0 is not a whole number above 0"):
        run(loop, tmp_path / "turns")
