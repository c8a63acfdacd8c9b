from __future__ import annotations

import json

import pytest

import freshbits as fb

from .reports import DRAWN, LOGS, golden, report


@pytest.mark.parametrize("name", [*LOGS, DRAWN])
def test_report_is_the_recorded_one_byte_for_byte(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(name) == golden(name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*LOGS, DRAWN])
def test_report_survives_json_both_ways(name: str) -> None:
    text = golden(name).read_text(encoding="utf-8")
    assert fb.Audit.from_json(json.loads(text)).dumps() == text


@pytest.mark.parametrize("name", [*LOGS, DRAWN])
def test_every_fixture_gives_a_page(name: str) -> None:
    audit = fb.Audit.from_json(json.loads(golden(name).read_text(encoding="utf-8")))
    page = fb.page(audit)
    for signal in list(audit.budget)[:8]:
        assert signal in page
    assert "None" not in page
    assert "nan" not in page.split()
