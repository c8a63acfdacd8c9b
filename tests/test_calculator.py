"""The calculator page computes what the library computes, in this machine's Chromium."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from freshbits.dynamics import verifier
from freshbits.dynamics.drift import half_life
from freshbits.dynamics.fixation import control_number, founders, kimura
from freshbits.dynamics.fresh import fresh_rows_for, retained
from freshbits.dynamics.replicator import ceiling, rounds_to
from freshbits.errors import OutOfRegimeError
from freshbits.information.entropy import binary_entropy
from freshbits.remedies.label import BITS_TIMES_ROWS, expected_width

PAGE = Path(__file__).parents[1] / "docs" / "assets" / "calculator.html"
NAMES = ("p", "tpr", "fpr", "kept", "target", "fresh", "lost", "group", "labels")
CHANNELS = [(0.05, 0.9, 0.5), (0.3, 0.9, 0.1), (0.3, 0.95, 0.02), (0.6, 0.5, 0.5), (0.2, 0.4, 0.6), (0.1, 1, 0)]
RESTS = [(8, 0.95, 0.0, 0.0, 8, 300), (64, 0.5, 4.5, 0.1, 16, 1000), (4, 0.99, 0.5, 0.0, 2, 50)]
CASES = [
    dict(zip(NAMES, (*channel, *rest), strict=True))
    for channel, rest in itertools.product([*CHANNELS, (0.5, 1, 1)], RESTS)
]


def by_library(case: dict[str, float]) -> dict[str, float | None]:
    """Computes by the library what the page shows."""
    p, tpr, fpr, kept, lost = (case[name] for name in ("p", "tpr", "fpr", "kept", "lost"))
    ratio = float(verifier.likelihood_ratio(tpr, fpr))
    rate = p * tpr + (1 - p) * fpr
    informative = 1 - rate ** case["group"] - (1 - rate) ** case["group"]
    goes = tpr > fpr
    try:
        law = kimura if ratio < 9 else founders
        fixed = None if lost else float(law(p, ratio, kept))
    except OutOfRegimeError:
        fixed = None
    return {
        "pass_rate": rate,
        "j": float(verifier.youden(tpr, fpr)),
        "lr": ratio,
        "ppv": float(verifier.precision(p, tpr, fpr)),
        "contrast": float(binary_entropy(rate)),
        "bits": float(verifier.bits(p, tpr, fpr)),
        "informative": informative,
        "oversampling": 1 / informative if informative > 0 else math.inf,
        "rounds": float(rounds_to(case["target"], p, ratio)),
        "control": float(control_number(p, ratio, kept)) if 1 < ratio < math.inf else None,
        "fixation": fixed,
        "ceiling": float(ceiling(ratio, lost)),
        "half_life": float(half_life(kept)),
        "retained": 2 * case["fresh"] / (1 + 2 * case["fresh"]),
        "time": float(verifier.relative_time(tpr, fpr)) if goes else None,
        "samples": float(verifier.relative_samples(tpr, fpr, p)) if goes else None,
        "width": expected_width(int(case["labels"])),
        "openness": BITS_TIMES_ROWS / case["labels"],
    }


@pytest.fixture(scope="module")
def page(browser) -> Any:
    tab = browser.new_page(offline=True)
    tab.trouble = []
    tab.on("pageerror", lambda error: tab.trouble.append(str(error)))
    tab.on("console", lambda said: tab.trouble.append(said.text) if said.type == "error" else None)
    tab.goto(PAGE.as_uri())
    return tab


def test_the_page_computes_what_the_library_computes(page):
    shown = page.evaluate("cases => cases.map(compute)", CASES)
    for case, found in zip(CASES, shown, strict=True):
        for name, due in by_library(case).items():
            if due is None:
                assert found[name] is None, (case, name)
            else:
                assert math.isclose(found[name], due, rel_tol=1e-9, abs_tol=1e-12), (case, name, found[name], due)
    assert {None} < {row["fixation"] for row in shown}
    assert not page.trouble


def test_the_law_of_fresh_rows_is_the_librarys():
    kept = np.array([0.5, 0.9, 0.95])
    assert np.allclose(retained(fresh_rows_for(kept)), kept)


def test_what_is_typed_is_what_is_computed(page):
    assert page.inner_text("#found-control") == "0.470"
    page.fill("#kept", "52")
    assert page.inner_text("#found-fixation") == f"{100 * float(kimura(0.05, 1.8, 52)):.3g} %"
    page.fill("#tpr", "1.5")
    assert page.inner_text("#found-fixation") == "–"
    page.fill("#tpr", "")
    assert page.inner_text("#found-j") == "–"
    page.fill("#tpr", "0.9")
    page.fill("#fpr", "0")
    assert page.inner_text("#found-lr") == "∞"
    assert not page.trouble
