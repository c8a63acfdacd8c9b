"""The table of verdicts, row by row: origin x measured; the first row that fits decides."""

from dataclasses import replace

import numpy as np
import pytest

from freshbits.criteria import openness as module
from freshbits.criteria.beyond import Beyond
from freshbits.criteria.budget import budget
from freshbits.criteria.openness import openness
from freshbits.information.residual import Residual
from freshbits.results import Budget, Estimate
from freshbits.worlds import Channel, World

WORLD = World(prompts=60, signals={"r": Channel(0.8, 0.3)})
BITS = {"beyond": (0.21, 0.15, 0.27), "nothing_beyond": (-0.001, -0.001, 0.004), "cannot_tell": (0.01, 0.0, 0.08)}
UNEXPLAINED, DETERMINED = 0.9, 0.01  # upper end of the surprise bits of a verdict that is a coin flip


def bits(value, low, high):
    return Estimate(value, low, high, 0.95, "bits/rollout", "made", 60, 480)


def made(measured, *, failed=None, hidden=None):
    residual = Residual(bits(*BITS[measured]), bits(*BITS[measured]), 1.0, 5.0, 0.9, np.zeros(1))
    shown = {"moved": {"value": 0.0}, "random": {"value": 0.0}}
    return Beyond(measured, residual, shown, failed, hidden, minority=60)


@pytest.fixture(scope="module")
def drawn(evidence_of):
    return evidence_of(WORLD.draw(0), truth=True)


@pytest.fixture
def judged(drawn, evidence_of, monkeypatch):
    """Judges with a measurement and a bound made by hand."""

    def judge(origin, found, *, surprise=UNEXPLAINED, structure=None):
        monkeypatch.setattr(module, "beyond", lambda *_: found)
        given = evidence_of(WORLD.draw(0).drop("truth")) if found is None else drawn
        given = given if origin is None else replace(given, origins={"r": origin})
        given = given if structure is None else replace(given, structures={"r": structure})
        bound = bits(surprise, surprise, surprise)
        columns = ["vote_share"]
        return openness(
            given, "r", Budget(status="judged", kind="binary", surprise_bits=bound, surprise_columns=columns)
        )

    return judge


ORIGINS = ("external", "memory", "own_state", "unknown", "drifting")


@pytest.mark.parametrize(
    ("origin", "measured", "verdict", "adjective"),
    [
        ("external", "beyond", "open", "renewing"),
        ("memory", "beyond", "open", "exhaustible"),
        ("own_state", "beyond", "closed", None),
        ("unknown", "beyond", "undetermined", None),
        (None, "beyond", "undetermined", None),
        ("drifting", "beyond", "undetermined", None),
        *((origin, "nothing_beyond", "closed", None) for origin in ORIGINS),
        ("own_state", "cannot_tell", "closed", None),
        *((origin, "cannot_tell", "undetermined", None) for origin in ("external", "memory", "unknown", "drifting")),
    ],
)  # fmt: skip
def test_origin_and_measurement_give_the_verdict(judged, origin, measured, verdict, adjective):
    found = judged(origin, made(measured))
    assert (found.status, found.code) == ("judged", None)
    assert (found.verdict, found.adjective) == (verdict, adjective)
    assert found.measured == measured
    assert found.bits.value == BITS[measured][0]


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("labelled", [True, False])
def test_a_function_of_the_belief_is_closed_whatever_its_origin_and_without_truth(judged, origin, labelled):
    found = judged(origin, made("cannot_tell") if labelled else None, surprise=DETERMINED)
    assert (found.status, found.verdict) == ("judged", "closed")
    if origin == "own_state":
        assert found.measured == ("cannot_tell" if labelled else None)
    else:
        assert found.measured == "function_of_belief"
        assert "already determine it" in found.reason


def test_what_is_beyond_is_more_than_a_function_of_the_belief(judged):
    """Where votes nearly decide the verdict, the little that they leave open may still come from outside."""
    assert judged("external", made("beyond"), surprise=DETERMINED).verdict == "open"


@pytest.mark.parametrize("origin", ["external", "memory", "unknown", "drifting"])
def test_without_truth_a_signal_that_votes_do_not_determine_is_not_judged(judged, origin):
    found = judged(origin, None)
    assert (found.status, found.code, found.verdict) == ("not_judged", "OPEN_NO_TRUTH", None)
    assert "at most 0.90 bit per rollout beyond the model's own votes" in found.reason


def test_an_own_state_is_closed_without_truth(judged):
    found = judged("own_state", None)
    assert (found.status, found.verdict, found.measured) == ("judged", "closed", None)


@pytest.mark.parametrize(
    ("structure", "origin", "verdict", "adjective"),
    [
        ("closed", "own_state", "closed", None),
        ("open, exhaustible", "memory", "open", "exhaustible"),
        ("open, renewing", "external", "open", "renewing"),
        ("open, decaying", "drifting", "open", "decaying"),
    ],
)
def test_a_declared_structure_sets_the_origin(judged, structure, origin, verdict, adjective):
    found = judged("unknown", made("beyond"), structure=structure)
    assert (found.origin, found.structure) == (origin, structure)
    assert (found.verdict, found.adjective) == (verdict, adjective)


@pytest.mark.parametrize("origin", ["external", "own_state", "unknown"])
@pytest.mark.parametrize("control", ["moved", "random"])
def test_a_control_that_says_something_refutes_the_measurement(judged, origin, control):
    found = judged(origin, made("beyond", failed=control))
    assert (found.status, found.code, found.verdict) == ("not_judged", "OPEN_CONTROL_FAILED", None)
    assert found.controls["moved"] is not None


def test_a_signal_that_never_varies_is_closed_whatever_else(evidence_of):
    frame = World(prompts=60, signals={"r": Channel(1.0, 1.0)}).draw(0)
    for truth, origin in ((True, "external"), (False, "unknown")):
        given = evidence_of(frame if truth else frame.drop("truth"), truth=truth, origins={"r": origin})
        found = openness(given, "r", budget(given, "r"))
        assert (found.status, found.verdict) == ("judged", "closed")
        assert found.reason == "it never varies, so it tells nothing apart"


def test_reasons_are_plain_sentences(judged):
    said = {origin: judged(origin, made("beyond")).reason for origin in ("external", "memory", "own_state", "unknown")}
    assert said["external"] == "external, and it says 0.21 bit per rollout beyond the model's own votes"
    assert said["memory"].startswith("from a fixed memory, and it says 0.21 bit")
    assert said["own_state"].endswith("usable, not new")
    assert said["unknown"].endswith("declare where the signal comes from")
    assert judged("unknown", made("beyond")).needs.startswith("freshbits audit runs/ --origin r=external")
    assert judged("drifting", made("beyond")).reason.endswith("now; it drifts with the student")
    assert judged("external", made("nothing_beyond")).reason == (
        "external, but it says next to nothing beyond the model's own votes (at most 0.004 bit per rollout)"
    )
    undecided = judged("external", made("cannot_tell"))
    assert undecided.reason == "the labels leave open whether it says 0.00 or 0.08 bit beyond the model's own votes"
    assert undecided.needs.startswith("log more prompts")  # every row of it is labelled


def test_a_hidden_vote_that_says_as_much_is_named(judged):
    less = judged("external", made("beyond", hidden=bits(0.1, 0.05, 0.15)))
    more = judged("external", made("beyond", hidden=bits(0.3, 0.25, 0.35)))
    assert "another vote" not in less.reason
    assert more.verdict == "open"
    assert more.reason.endswith("no more than another vote of your own model (0.30)")


def test_no_reason_calls_anything_safe(judged):
    for origin in ORIGINS:
        for measured in BITS:
            assert "safe" not in judged(origin, made(measured)).reason
