"""The pages of a run and of several: what they say is what the ledger holds."""

from __future__ import annotations

from freshbits.loop.foresight import Foreseen
from freshbits.loop.meter import LedgerRow
from freshbits.loop.run import Run
from freshbits.report.loops import Told, loops_page, sentences
from freshbits.report.run import run_page
from freshbits.results import Estimate


def share(value: float) -> Estimate:
    return Estimate(value, value - 0.1, value + 0.1, 0.9, "share", "counted", 80, 640)


def row(number: int, accuracy: float | None, distinct: float, bits: float | None, trained: float | None) -> LedgerRow:
    measured = {"held_out_accuracy": accuracy, "held_out_distinct": distinct, "task_loss": 6.5}
    return LedgerRow(
        round=number, signal="exact", rollouts=640, prompts=80, groups=80, accuracy=share(0.5), distinct=share(7.0),
        contrast_bits=None if bits is None else share(bits), surprise_bits=None, accepted=None, dead_groups=None,
        verdicts=600, partition="exact text",
        evaluation={**measured, **({} if trained is None else {"trained_rows": trained})},
    )  # fmt: skip


def a_run(name: str, end: float, distinct: float, control: str | None = None, bits: float | None = 0.9) -> Run:
    rows = (row(0, 0.5, 48.0, bits, None), row(1, end, distinct, bits, 320.0))
    return Run(name=name, directory=f"runs/{name}", control=control, rounds=rows)


SEEN = Foreseen(
    since=2, round=8, accuracy=share(0.6), variety=share(0.9), accuracy_came=0.62, variety_came=0.91
)  # fmt: skip


def test_the_page_of_a_run_says_where_it_went_and_what_was_offered():
    page = run_page(a_run("rft", 0.8, 20.0))
    assert page.startswith("rft, 1 round: accuracy 50 % → 80 %, variety 48.0 → 20.0 answers\n")
    assert "0.90 [0.80, 1.00]" in page
    assert "320 rows" in page
    assert "freshbits audit runs/rft" in page
    assert "--control fresh" in page


def test_a_control_says_what_it_is_for():
    page = run_page(a_run("rft", 0.8, 20.0, control="fresh"))
    assert "control fresh: trained on the task's own true completions" in page
    assert "--control fresh" not in page


def test_what_was_not_measured_has_no_number():
    rows = (row(0, None, 48.0, None, None), row(1, None, 40.0, None, 3.0))
    page = run_page(Run(name="x", directory="d", control=None, rounds=rows))
    assert page.startswith("x, 1 round: variety 48.0 → 40.0 answers\n")
    assert "bits per rollout" not in page


def test_a_long_run_shows_some_of_its_rounds_the_first_and_the_last_among_them():
    rows = tuple(row(number, 0.5, 48.0, 0.9, 1.0) for number in range(200))
    lines = run_page(Run(name="x", directory="d", control=None, rounds=rows)).splitlines()
    shown = [int(line.split()[0]) for line in lines if line.split() and line.split()[0].isdigit()]
    assert len(shown) == 21
    assert (shown[0], shown[-1]) == (0, 199)


def told(name: str, ends: list[float], distinct: float) -> Told:
    return Told(name, "something", [a_run(name, end, distinct) for end in ends], [SEEN])


def test_loops_side_by_side_are_told_by_their_differences_and_nothing_else():
    found = [
        told("frozen", [0.5, 0.5], 48.0),
        told("fresh", [0.6, 0.64], 50.0),
        told("closed", [0.4, 0.44], 40.0),
        told("rft", [0.7, 0.8], 20.0),
    ]
    said = sentences(found)
    assert said == [
        "the closed loop takes in no bits and loses answers: 48.0 → 40.0 per prompt, accuracy -8.0 points",
        "rft moves by +25.0 points, +13.0 against as much training on fresh true answers",
    ]
    page = loops_page(found)
    assert "75 % [70, 80]" in page
    assert "60 % [50, 70]" in page
    assert "62 %" in page
    kept = sentences([told("frozen", [0.5], 48.0), told("closed", [0.55], 49.0)])
    assert kept == [
        "the closed loop takes in no bits and keeps its answers: 48.0 → 49.0 per prompt, accuracy +5.0 points"
    ]
