"""The forecast on the page: what is expected, with bounds; what has none is left out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import freshbits as fb
from freshbits.results import Estimate, Forecast

GOLDEN = Path(__file__).parents[1] / "golden" / "demo.json"


def e(value, low=None, high=None):
    return Estimate(value, low, high, 0.9, "share", "by hand", 100, 800)


def page(section):
    made = fb.Audit.from_json(json.loads(GOLDEN.read_text(encoding="utf-8")))
    return " ".join(fb.page(replace(made, forecast=dict.fromkeys(made.forecast, section))).split())


def test_a_forecast_gives_form_numbers_and_course_with_bounds():
    rows = [{"round": n, "accuracy": e(a, a - 0.1, a + 0.1)} for n, a in [(12, 0.4), (13, 0.5), (14, 0.55)]]
    half = e(12.0, 8.0, 20.0)
    said = page(Forecast(status="judged", form="selection", binding_risk="variety", diversity_half_life=half,
                         ceiling=e(0.8, 0.7, 0.9), trajectory=rows, change={"verdict": "gains"}))  # fmt: skip
    assert (
        "accuracy_reward: by selection; first to bind: variety; half of the variety gone after rounds "
        "12.0 [8.0, 20.0]; ceiling 80 % [70, 90]" in said
    )
    assert "accuracy_reward: accuracy ▁▆█ 0.40 → 0.55 [0.45, 0.65] at round 14 (90 % bounds)" in said
    assert "accuracy_reward: before and after, on the same prompts: gains" in said


def test_a_number_without_bounds_is_left_out():
    rows = [{"round": n, "accuracy": 0.1 * n} for n in range(3)]
    said = page(Forecast(status="judged", form="selection", ceiling=e(0.8), trajectory=rows))
    assert "accuracy_reward: by selection ·" in said
    assert "0.20 at round" not in said


def test_a_forecast_that_was_not_judged_stands_under_not_judged_only():
    said = page(Forecast(status="not_judged", code="FORECAST_FEW_PROMPTS", reason="12 prompts are too few"))
    assert "What will happen" not in said
    assert "12 prompts are too few (FORECAST_FEW_PROMPTS)" in said
