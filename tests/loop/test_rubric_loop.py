"""Loops whose signal is a rubric or a judge behind a server: criteria kept, origins told, runs that resume."""

from __future__ import annotations

import shutil

import pytest
from benchmarks.rubrics.bad_server import BadServer, serving
from benchmarks.rubrics.killed import RUBRIC

import freshbits as fb
from freshbits.errors import InputError
from freshbits.loop.declare import Loop
from freshbits.loop.judged import judged
from freshbits.loop.rounds import Rounds
from freshbits.signals.signal import Item

pytest.importorskip("openai")


def declared(**signal):
    return Loop(
        name="judged", task={"environment": "sums", "seed": 1}, model={"config": "tiny"}, signal=signal,
        train={"method": "rft", "prompts": 8, "samples": 4, "rounds": 2, "batch": 16}, seed=5,
    )  # fmt: skip


def test_a_loop_is_run_by_a_rubric_and_goes_on_to_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    rubric, run = tmp_path / "r.yaml", tmp_path / "run"
    rubric.write_text(RUBRIC)
    server = BadServer(0.0)
    with serving(server):
        options = {"url": server.url, "repeats": 1}
        loop = declared(rubric=str(rubric), model="judge", trained_on=["people"], options=options)
        fb.run(loop, run)
        rows = Rounds(run).rollouts(2)
        parts = [rows[f"signal.rubric.{name}"] for name in ("helpful", "clear", "rude")]
        assert (rows["signal.rubric"] - (2 * parts[0] + parts[1] - parts[2]) / 3).abs().max() < 1e-8
        assert set(server.seen.good.values()) <= {1, 2, 3}  # each text once a round
        whole = {path.name: path.read_bytes() for path in (run / "round-002").iterdir()}
        shutil.rmtree(run / "round-002")
        fb.run(loop, run, resume=True)
        assert {path.name: path.read_bytes() for path in (run / "round-002").iterdir()} == whole
        rubric.write_text(RUBRIC.replace("weight: 2", "weight: 3"))
        with pytest.raises(InputError):
            fb.run(loop, run, resume=True)
    report = fb.read(run)
    assert {report.origins[name] for name in report.signals} == {"external"}
    assert report.weights == {"rubric.helpful": 2 / 3, "rubric.clear": 1 / 3, "rubric.rude": -1 / 3}
    assert fb.check(loop).structure.signals["rubric"].origin == "external"


def test_a_judge_is_asked_one_thing(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    server = BadServer(0.0)
    with serving(server):
        judge = judged(declared(judge="big", options={"url": server.url, "reference": True}).signals[0], 5)
        (found,) = judge.signal.score([Item("1+1?", "2", "2")])
        assert found.score in (0.0, 1.0)
        assert judge.signal.columns == ()
    for client in judge.signal.server._held:
        client.close()


@pytest.mark.parametrize(
    ("signal", "said"),
    [
        ({"rubric": "r.yaml"}, "nobody reads the rubric; write model: NAME"),
        ({"rubric": "r.yaml", "model": "student"}, "the judge is the student of the loop"),
        ({"judge": "start"}, "the judge is the start of the loop"),
        ({"judge": "big", "frozen": False}, "the judge is trained again in every round"),
        ({"rubric": "none.yaml", "model": "big", "options": {"url": "u"}}, "none.yaml: cannot be read"),
        ({"judge": "big", "options": {"repeat": 2, "url": "u"}}, "has no such option"),
        ({"judge": "big"}, "nobody says which server has the judge 'big'"),
    ],
)
def test_a_judge_that_cannot_be_asked_is_refused(signal, said, tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(InputError) as wrong:
        fb.run(declared(**signal), tmp_path / "run")
    assert said in str(wrong.value)
