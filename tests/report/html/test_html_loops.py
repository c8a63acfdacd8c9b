"""The pages of declared loops: what a check and a run say stands on them, and nothing else comes in."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from hostile_texts import PAYLOADS

import freshbits as fb
from freshbits.loop.meter import meter_round
from freshbits.loop.run import Run
from freshbits.report.html.loops import check_html, run_html
from freshbits.report.html.page import report_html

LOOPS = Path(__file__).parents[3] / "examples" / "loops"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("rft", ["is open, renewing: in every round something comes in through answers", "task → answers"]),
        ("majority", ["is closed: all that it is trained on is made of the student's own outputs", "own state"]),
        ("judge", []),
    ],
)
def test_a_check_stands_on_its_page_as_on_the_terminal(name, words, read):
    check = fb.check(LOOPS / f"{name}.yaml")
    page = check_html(check)
    seen = read(page)
    assert seen.unclosed == []
    for part in [*words, check.structure.reason, *filter(None, [check.structure.way, check.structure.needs])]:
        assert part in seen.text, part
    for signal, each in check.structure.signals.items():
        assert signal in seen.text
        assert each.words in seen.text
    assert report_html(json.loads(check.dumps())) == page


def test_hostile_names_of_a_loop_stay_text(read):
    check = fb.check(LOOPS / "rlvr.yaml")
    for payload in PAYLOADS:
        seen = read(check_html(type(check)(name=payload, structure=check.structure, projection=check.projection)))
        assert len(seen.of("script")) == 1
        assert not any(name.startswith("on") for _, attributes in seen.tags for name in attributes)


@pytest.fixture(scope="module")
def ran():
    def rows(number):
        right = [float((7 * at + at // 8) % 11 < 5 + number) for at in range(320)]
        texts = [f"a{at % 3}" for at in range(320)]
        asked = [f"q{at // 8}" for at in range(320)]
        return pl.DataFrame(
            {"round": number, "prompt": asked, "completion": texts, "truth": right, "signal.exact": right}
        )

    rounds = tuple(
        meter_round(
            rows(number),
            evaluation={"held_out_accuracy": 0.5 + 0.1 * number, "held_out_distinct": 8.0 - number, "task_loss": 2.5},
        )
        for number in range(3)
    )
    return Run(name="rft", directory="run", control=None, rounds=rounds)


def test_a_run_stands_on_its_page_with_its_rounds(ran, read):
    seen = read(run_html(ran))
    assert seen.unclosed == []
    text = seen.text.replace("\u00a0", " ")
    for part in ("rft, 2 rounds: accuracy 50 % → 70 %, variety 8.0 → 6.0 answers", "70.0 %", "freshbits audit run"):
        assert part in text, part
    for row in ran.rounds:
        assert f"{100 * row.accuracy.value:.0f} %" in text
        assert f"{row.contrast_bits.value:.2f}" in text
    control = Run(name="rft", directory="run", control="frozen", rounds=ran.rounds)
    assert "nothing is trained: what chance does by itself" in read(run_html(control)).text


def test_the_command_writes_the_page_of_a_check(freshbits, tmp_path):
    place = tmp_path / "check.html"
    done = freshbits("check", str(LOOPS / "rlvr.yaml"), "--html", str(place))
    assert done.code == 0
    assert done.out.startswith("rlvr is open, renewing")
    assert place.read_text() == check_html(fb.check(LOOPS / "rlvr.yaml"))
    assert freshbits("check", str(LOOPS / "rlvr.yaml"), "--html", "-").out == place.read_text()
