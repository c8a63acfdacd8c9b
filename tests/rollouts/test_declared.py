"""A run's record says where its signals come from; a foreign or broken one never keeps a log from being read."""

from __future__ import annotations

import json

import polars as pl
import pytest

import freshbits as fb
from freshbits.rollouts.declared import LARGEST
from freshbits.rollouts.options import ReadOptions

DECLARED = {
    "freshbits": "0.1.0",
    "loop": {"name": "rft"},
    "origins": {"exact": "external", "vote": "own_state"},
    "structures": {"exact": "open, renewing", "vote": "closed"},
}


def a_run(directory, record=DECLARED, rounds=2):
    for number in range(rounds):
        folder = directory / f"round-{number:03d}"
        folder.mkdir(parents=True)
        rows = {
            "round": number,
            "prompt": [f"q{i // 8}" for i in range(320)],
            "completion": [f"a{i % 3}" for i in range(320)],
            "signal.exact": [float(i % 3 == 0) for i in range(320)],
            "signal.vote": [float(i % 5 == 0) for i in range(320)],
        }
        pl.DataFrame(rows).write_parquet(folder / "rollouts.parquet")
    if record is not None:
        text = record if isinstance(record, str) else json.dumps(record)
        (directory / "run.json").write_text(text)
    return directory


def test_a_runs_record_gives_origins_and_structures_to_the_audit(tmp_path):
    run = a_run(tmp_path / "run")
    log = fb.read(run)
    assert log.origins == DECLARED["origins"]
    assert log.structures == DECLARED["structures"]
    assert "declared in run.json: exact is open, renewing; vote is closed" in log.notes
    found = fb.audit(run).openness
    assert (found["exact"].structure, found["exact"].origin) == ("open, renewing", "external")
    assert (found["vote"].structure, found["vote"].origin, found["vote"].verdict) == ("closed", "own_state", "closed")


@pytest.mark.parametrize("point", ["round-001", "round-001/rollouts.parquet"])
def test_one_round_of_a_run_is_declared_too(tmp_path, point, monkeypatch):
    run = a_run(tmp_path / "run")
    assert fb.read(run / point).structures == DECLARED["structures"]
    monkeypatch.chdir(run / "round-001")
    assert fb.read("rollouts.parquet").structures == DECLARED["structures"]


def test_what_the_person_says_overrules_the_record(tmp_path):
    run = a_run(tmp_path / "run")
    log = fb.read(run, ReadOptions(origins={"vote": "external"}))
    assert log.origins == {"exact": "external", "vote": "external"}
    assert log.structures == {"exact": "open, renewing"}
    found = fb.audit(run, ReadOptions(origins={"vote": "external"})).openness["vote"]
    assert (found.origin, found.structure) == ("external", None)
    assert fb.read(run, ReadOptions(signals=("exact",))).structures == {"exact": "open, renewing"}


@pytest.mark.parametrize(
    "record",
    [
        None,
        "",
        "{not json",
        "[" * 100_000,
        "[1, 2]",
        '"freshbits"',
        json.dumps({"origins": DECLARED["origins"], "structures": DECLARED["structures"]}),
        json.dumps({"freshbits": "1", "loop": {}}),
        json.dumps({"freshbits": "1", "loop": {}, "origins": [], "structures": "closed"}),
        json.dumps({"freshbits": "1", "loop": {}, "origins": {"exact": "heaven"}, "structures": {"exact": ["closed"]}}),
        json.dumps({**DECLARED, "pad": "x" * LARGEST}),
    ],
)
def test_a_foreign_or_broken_record_is_passed_over(tmp_path, record):
    log = fb.read(a_run(tmp_path / "run", record))
    assert (log.origins, log.structures) == ({}, {})
    assert sum(batch.height for batch in log.batches()) == 640


def test_a_record_that_is_no_text_or_a_folder_is_passed_over(tmp_path):
    run = a_run(tmp_path / "run", None)
    (run / "run.json").write_bytes(b"\xff\xfe\x00")
    assert fb.read(run / "round-000").structures == {}
    (run / "run.json").unlink()
    (run / "run.json").mkdir()
    assert fb.read(run).structures == {}


def test_runs_that_do_not_declare_a_signal_alike_leave_it_unknown(tmp_path):
    a_run(tmp_path / "runs" / "one")
    other = {**DECLARED, "origins": {"exact": "own_state", "vote": "own_state"}}
    other["structures"] = {"exact": "closed", "vote": "closed"}
    a_run(tmp_path / "runs" / "two", other)
    log = fb.read(tmp_path / "runs")
    assert (log.origins, log.structures) == ({"vote": "own_state"}, {"vote": "closed"})
    assert "exact: the runs do not declare it alike, so its origin is unknown" in log.notes
    a_run(tmp_path / "runs" / "three", None)
    assert fb.read(tmp_path / "runs").structures == {}


def test_the_command_takes_it_and_lets_origin_overrule(freshbits, tmp_path):
    run = a_run(tmp_path / "run")
    told = json.loads(freshbits("audit", str(run), "--json", "-").out)["openness"]
    assert told["vote"]["structure"] == "closed"
    told = json.loads(freshbits("audit", str(run), "--origin", "vote=memory", "--json", "-").out)["openness"]
    assert (told["vote"]["structure"], told["vote"]["origin"]) == (None, "memory")
