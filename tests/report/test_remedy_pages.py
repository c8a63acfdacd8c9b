"""Pages of shortcuts, control and rebalancing: names out of a log are printed, never obeyed."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from freshbits import ReadOptions, audit, read
from freshbits.remedies.control import control
from freshbits.remedies.rebalance import rebalance
from freshbits.report.control import control_page
from freshbits.report.rebalance import rebalance_page
from freshbits.report.shortcuts import saturation
from freshbits.report.terminal import page
from freshbits.worlds.hacked import Hacked

EVIL = "re\x1b[2Jw\x07ard[bold red]x[/]\u202e\r"


def obeyed(text):
    return [c for c in text if not c.isprintable() and c != "\n"]


@pytest.fixture(scope="module")
def rows():
    drawn = Hacked(prompts=80, name="bullets", lured=0.95, rounds=2).rows(1)
    evil = pl.col("completion").str.replace("- I checked", "\x1b]0;owned\x07- I [blink]checked\u202e")
    return drawn.with_columns(completion=evil).rename({"signal.reward": f"signal.{EVIL}"})


def test_a_hostile_name_and_a_hostile_example_are_printed_as_text(rows):
    report = audit(rows)
    shown = page(report)
    assert obeyed(shown) == []
    assert "at risk" in shown
    assert "[bold red]x[/]" in shown
    assert "for example:" in shown
    assert obeyed(page(report, width=40)) == []


def test_rebalancing_prints_hostile_names_too(rows):
    _, found = rebalance(read(rows), ["bullets"])
    shown = rebalance_page(found)
    assert obeyed(shown) == []
    assert "[bold red]x[/]" in shown
    assert "removed" in shown


def test_control_prints_hostile_sources_too():
    rng = np.random.default_rng(0)
    rows = pl.DataFrame(
        {
            "prompt": [f"q{n // 2}" for n in range(120)],
            "model": ["\x1b[31mred", "[blink]"] * 60,
            "completion": ["x" * int(n) for n in rng.integers(1, 90, 120)],
            f"signal.{EVIL}": rng.normal(size=120),
        }
    )
    shown = control_page(control(read(rows), ["characters"]))
    assert obeyed(shown) == []
    assert "[blink]" in shown


def test_components_that_run_dry_are_listed_in_their_order(rows):
    report = audit(rows, ReadOptions())
    assert saturation(report) == ""
    [part] = report.components.values()
    dry = {"a": replace(part, saturated_at=7), "b": replace(part, saturated_at=3), "c": part}
    found = saturation(replace(report, components=dry))
    assert found == "components saturate in this order: b (round 3), then a (round 7); not yet: c"


def test_a_source_with_one_text_that_wins_everywhere_is_named_in_the_first_lines():
    rng = np.random.default_rng(1)
    rows = [
        {
            "prompt": f"Which number comes after {n}?",
            "model": source,
            "completion": "Certainly! Here is an outstanding answer, checked twice."
            if source == "null"
            else f"{n} {'so ' * int(rng.integers(1, 9))}",
            "reward": 10.0 if source == "null" else float(rng.integers(1, 9)),
        }
        for n in range(80)
        for source in ("null", "a", "b")
    ]
    head = page(audit(pl.DataFrame(rows))).split("\n\n")[0]
    assert "null" in head
    assert "one text of 56 characters is 100% of its completions" in " ".join(head.split())
