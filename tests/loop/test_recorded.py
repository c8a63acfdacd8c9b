"""The record of a run says where its signals come from, and the audit of its directory finds it."""

from __future__ import annotations

import json

import pytest

import freshbits as fb
from freshbits.loop.declare import Loop
from freshbits.loop.recorded import recorded


def declared(signal: object, method: str = "rft") -> Loop:
    return Loop(
        task={"environment": "sums"},
        model={"config": "tiny"},
        signal=signal,
        train={"method": method, "rounds": 1, "prompts": 8, "samples": 4, "batch": 8, "epochs": 1},
    )


@pytest.mark.parametrize(
    ("signal", "method", "origin", "structure"),
    [
        ({"verifier": "exact"}, "rft", "external", "open, renewing"),
        ("majority_vote", "grpo", "own_state", "closed"),
        ({"judge": "start"}, "rft", "memory", "open, exhaustible"),
        ({"judge": "rm", "trained_on": ["people", "student"], "frozen": False}, "grpo", "drifting", "open, decaying"),
        ({"judge": "rm"}, "rft", "unknown", None),
    ],
)
def test_the_record_says_what_the_graph_says(signal, method, origin, structure):
    found = recorded(declared(signal, method), None)
    assert list(found["origins"].values()) == [origin]
    assert list(found["structures"].values()) == ([] if structure is None else [structure])
    assert recorded(declared(signal, method), "frozen") == found
    lots = recorded(declared(signal, method), "random")
    assert (set(lots["origins"].values()), set(lots["structures"].values())) == ({"own_state"}, {"closed"})


def test_the_audit_of_a_run_knows_what_was_declared(tmp_path):
    fb.run(declared({"verifier": "exact"}), tmp_path / "run")
    fb.run(declared({"verifier": "exact"}), tmp_path / "lots", control="random")
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["structures"] == {"exact": "open, renewing"}
    found = fb.audit(tmp_path / "run").openness["exact"]
    assert (found.structure, found.origin) == ("open, renewing", "external")
    lots = fb.audit(tmp_path / "lots").openness["exact"]
    assert (lots.structure, lots.origin, lots.verdict) == ("closed", "own_state", "closed")
