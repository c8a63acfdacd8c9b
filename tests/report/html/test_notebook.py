"""Results in a notebook: a compact page without script, and the page's pictures as Altair charts."""

from __future__ import annotations

import sys

import pytest

import freshbits as fb
from freshbits.errors import InputError
from freshbits.results import Forecast


def test_an_audit_shows_itself(truth_audit, read):
    shown = truth_audit._repr_html_()
    seen = read(shown)
    assert seen.unclosed == []
    assert seen.of("script") == []
    assert "reward" in seen.of("h1")[0].get("class", "") + seen.text
    assert len(seen.of("svg")) == 4, "two pictures, each for wide and for narrow"
    assert len(shown) < 120_000


def test_other_results_show_themselves(read):
    plan = fb.forecast(base_rate=0.3, tpr=0.9, fpr=0.1, keep=32, prompts=500, target=0.95)
    assert "95% is reached" in read(plan._repr_html_()).text
    refused = fb.forecast(base_rate=0.1, keep=8, method="grpo")
    assert "Not judged" in read(refused._repr_html_()).text
    assert "FORECAST_ONE_ROUND" in read(Forecast(status="not_judged", code="FORECAST_ONE_ROUND")._repr_html_()).text


def test_hostile_names_stay_text_in_a_notebook(hostile_audit, read):
    seen = read(hostile_audit._repr_html_())
    assert seen.of("script") == seen.of("img") == []
    assert seen.unclosed == []


def test_without_vl_convert_the_words_remain(truth_audit, monkeypatch, read):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    seen = read(truth_audit._repr_html_())
    assert seen.of("svg") == []
    assert "verdicts moved to other prompts" in seen.text


def test_pictures_are_altair_charts(truth_audit):
    altair = pytest.importorskip("altair")
    named = ["contrast", "base_rates", "dead_groups", "openness", "channel", "strata", "race"]
    assert set(named) <= set(truth_audit.plot.names())
    drawn = {name: getattr(truth_audit.plot, name)() for name in named}
    with pytest.raises(InputError, match="nothing to draw"):
        truth_audit.plot.forecast()
    assert all(isinstance(chart, altair.LayerChart) for chart in drawn.values())
    assert drawn["channel"].title == "Accepted among the right (TPR) and among the wrong (FPR)"


def test_an_unknown_signal_or_picture_is_said(truth_audit):
    with pytest.raises(InputError, match="choose among reward"):
        truth_audit.plot.race("speed")
    with pytest.raises(InputError, match="compare"):
        truth_audit.plot.compared()
