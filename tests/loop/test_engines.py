"""Servers that write for a loop: what is asked, what is kept, and that they are given the round's weights."""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

import freshbits as fb
from freshbits.errors import InputError
from freshbits.loop.engines import Remote, Vllm, exported
from freshbits.loop.model.likelihood import logprobs
from freshbits.loop.model.model import load
from freshbits.loop.parts import Model, Served
from freshbits.loop.rounds import Rounds


class Sums(BaseHTTPRequestHandler):
    """Answers 'n=' with '00+n', little-endian as the task has it; every fifth is cut off, the third fails once."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with self.server.lock:
            self.server.bodies.append(body)
            count = len(self.server.bodies)
        if count == 3:
            return self.answer(503, {"error": {"message": "busy"}})
        digits = "".join(letter for letter in body["prompt"] if letter.isdigit())
        cut = count % 5 == 0
        text = "00" if cut else f"00+{digits}"
        choice = {"index": 0, "text": text, "finish_reason": "length" if cut else "stop", "logprobs": None}
        return self.answer(
            200, {"id": "1", "object": "text_completion", "created": 1, "model": "m", "choices": [choice]}
        )

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    found = ThreadingHTTPServer(("127.0.0.1", 0), Sums)
    found.lock, found.bodies = threading.Lock(), []
    thread = threading.Thread(target=found.serve_forever, daemon=True)
    thread.start()
    yield found
    found.shutdown()
    found.server_close()
    thread.join()


def url(server):
    return f"http://127.0.0.1:{server.server_port}/v1"


def test_a_server_writes_and_the_log_probabilities_are_our_own(server):
    model = load(Model(config="tiny"))
    served = Served(url=url(server), model="student")
    drawn = Remote(model, 8, served).generate(["75=", "12="] * 6, 0.7, seed=3)
    assert {each.text for each in drawn} <= {"00+75", "00+12", "00"}
    assert {each.text == "00" for each in drawn if each.truncated} <= {True}
    assert sum(each.truncated for each in drawn) >= 1
    for place in (0, 1):
        asked = model.encode_prompt(("75=", "12=")[place])
        [own] = logprobs(model.network, model.pad, [asked], [list(drawn[place].tokens)])
        assert drawn[place].logprob == pytest.approx(own, abs=1e-4)
    sent = server.bodies[0]
    assert (sent["model"], sent["max_tokens"], sent["temperature"]) == ("student", 8, 0.7)
    assert len({body["seed"] for body in server.bodies}) == 12  # 13 requests, one of them asked again


def test_a_run_gives_the_server_its_weights_before_every_round(server, tmp_path):
    seen = tmp_path / "seen"
    seen.mkdir()
    script = tmp_path / "reload.py"
    script.write_text(
        "import pathlib, shutil, sys\n"
        f"seen = pathlib.Path({str(seen)!r})\n"
        "shutil.copytree(sys.argv[1], seen / str(len(list(seen.iterdir()))))\n"
    )
    command = f"{sys.executable} {script} {{weights}}"
    loop = fb.Loop(
        name="served",
        task={"environment": "sums", "seed": 1},
        model={"config": "tiny", "server": {"url": url(server), "model": "student", "reload": command}},
        signal={"verifier": "exact"},
        train={"method": "rft", "prompts": 6, "samples": 2, "rounds": 1, "batch": 8, "steps": 2},
    )
    fb.run(loop, tmp_path / "run")
    rounds = Rounds(tmp_path / "run")
    assert sorted(path.name for path in seen.iterdir()) == ["0", "1"]
    assert set(rounds.rollouts(1)["completion"]) <= {"00", *(f"00+{p[:2]}" for p in rounds.rollouts(1)["prompt"])}
    last = AutoModelForCausalLM.from_pretrained(seen / "1").state_dict()
    kept = load(Model(config="tiny"), rounds.folder(1)).network.state_dict()
    assert all(torch.equal(last[name], kept[name]) for name in kept)


def test_a_server_without_a_way_to_get_weights_is_refused(server, tmp_path):
    loop = fb.Loop(
        name="stale",
        task={"environment": "sums"},
        model={"config": "tiny", "server": {"url": url(server), "model": "student"}},
        signal={"verifier": "exact"},
        train={"method": "rft", "rounds": 1},
    )
    with pytest.raises(InputError, match="would go on with the weights it has; write reload"):
        fb.run(loop, tmp_path / "run")
    assert not server.bodies


@pytest.mark.parametrize(
    ("command", "why"),
    [("no-such-command {weights}", "could not be run"), (f"{sys.executable} -c 1/0", "ended with 1")],
)
def test_a_command_that_fails_is_told(server, command, why):
    model = load(Model(config="tiny"))
    served = Served(url=url(server), model="student", reload=command)
    with pytest.raises(InputError, match=why):
        Remote(model, 8, served).generate(["75="], 1.0, 0)


def test_a_server_that_is_gone_is_told(monkeypatch):
    monkeypatch.setattr("freshbits.loop.engines.TRIES", 0)
    model = load(Model(config="tiny"))
    with pytest.raises(InputError, match="gave no completion"):
        Remote(model, 8, Served(url="http://127.0.0.1:9/v1", model="student")).generate(["75="], 1.0, 0)


def test_an_adapter_is_merged_into_what_is_exported():
    model = load(Model(config="tiny", peft={"r": 2, "target_modules": ["q_proj"], "init_lora_weights": False}))
    ids = torch.tensor([model.encode_prompt("75=")])
    with torch.no_grad():
        wanted = model.network(ids).logits
        with exported(model) as folder:
            assert AutoTokenizer.from_pretrained(folder).decode(ids[0]) == model.tokenizer.decode(ids[0])
            found = AutoModelForCausalLM.from_pretrained(folder).eval()(ids).logits
        again = model.network(ids).logits
    assert torch.allclose(found, wanted, atol=1e-5)
    assert torch.allclose(again, wanted, atol=1e-5)


def test_vllm_is_asked_for_by_name_where_it_is_missing():
    model = load(Model(config="tiny"))
    with pytest.raises(InputError, match="pip install vllm"):
        Vllm(model, 8, {}).generate(["75="], 1.0, 0)
