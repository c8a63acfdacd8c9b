"""The schema of the report: it is the one that the results give, reports hold to it, and no key goes unexplained."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from jsonschema import Draft202012Validator

import freshbits as fb
from freshbits.rollouts.schema import SIGNAL
from freshbits.worlds import Atoms, Beta, Channel, Fixed, PromptChannel, Score, World
from freshbits.worlds.hacked import Hacked
from freshbits.worlds.made import Made
from freshbits.worlds.step import Loop, verifier
from freshbits.worlds.step_state import Policies

ROOT = Path(__file__).parents[2]
GOLDEN = sorted((ROOT / "tests" / "golden").glob("*.json"))


@pytest.fixture(scope="module")
def maker():
    spec = importlib.util.spec_from_file_location("schema", ROOT / "docs" / "schema.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))


def closed(part: Any) -> Any:
    """Returns the schema without room for keys that it does not name, and with every key that it does required."""
    if isinstance(part, list):
        return [closed(each) for each in part]
    if not isinstance(part, dict):
        return part
    made = {key: closed(each) for key, each in part.items()}
    if isinstance(part.get("properties"), dict):
        free = {"prompts", "sft"} if "freshbits" in made["properties"] else {*made.get("x-optional", ()), "foretold"}
        made |= {"additionalProperties": False, "required": [key for key in made["properties"] if key not in free]}
    return made


def loop_rows() -> pl.DataFrame:
    """Draws a loop over three rounds, of which a forecast can be made."""
    rng = np.random.default_rng(1)
    rate = rng.beta(1.2, 1.5, 300)
    start = np.concatenate([rate[:, None], (1 - rate)[:, None] * rng.dirichlet(np.ones(4), 300)], axis=1)
    loop = Loop(kept=24, accept=verifier(5, tpr=0.9, fpr=0.5))
    parts = []
    for number, state in enumerate(loop.run(Policies.of(start), 1, 2)):
        below = state.shares[0].astype(float).cumsum(axis=1)
        answer = (rng.random((300, 8, 1)) * below[:, None, -1:] > below[:, None, :-1]).sum(axis=2).ravel()
        asked = np.repeat([f"q{i}" for i in range(300)], 8)
        said = [f"The answer is {a}." for a in answer]
        parts.append(pl.DataFrame({"round": number, "prompt": asked, "completion": said, "reward": answer == 0}))
    return pl.concat(parts).with_columns(pl.col("reward").cast(pl.Float64))


def world_rows(**signals: Any) -> pl.DataFrame:
    """Draws rollouts with truth, signals under their own names."""
    frame = World(prompts=80, base=Beta(1, 1), sizes=Fixed(8), signals=signals).draw(1)
    return frame.rename({name: name.removeprefix(SIGNAL) for name in frame.columns})


FOOLED = PromptChannel(Atoms([(0.9, 1.0)]), Atoms([(0.05, 0.8), (0.95, 0.2)]))
REPORTS = {
    "a trait that is paid, with probes, prompts and regions": lambda: fb.audit(
        Hacked(prompts=120, name="bullets", right=0.5, trait=(0.15, 0.15), tpr=0.7, lured=0.95, rounds=3)
        .rows(seed=1)
        .with_columns(region=pl.col("prompt").str.len_chars().cast(pl.String)),
        prompts=True,
        probe="ngram",
    ),
    "a verifier from outside, a score, a verifier that some prompts fool": lambda: fb.audit(
        world_rows(verifier=Channel(0.9, 0.1), grade=Score(noise=1.0), fooled=FOOLED),
        fb.ReadOptions(origins={"verifier": "external"}, signals=("verifier", "grade", "fooled"), truth="truth"),
    ),
    "a set with truth": lambda: fb.audit(Made(instructions=400, again=0.1, lured=0.75).rows(seed=1)),
    "a loop that can be forecast": lambda: fb.audit(loop_rows()),
}


@pytest.fixture(scope="module")
def reports() -> dict[str, dict[str, Any]]:
    made = {what: make().to_json() for what, make in REPORTS.items()}
    return made | {path.name: json.loads(path.read_text(encoding="utf-8")) for path in GOLDEN}


def test_the_schema_is_the_one_that_the_results_give(maker, schema):
    now = maker.Keys().whole()
    assert json.loads(json.dumps(now)) == schema, "run `make pages`"
    page = maker.PAGE.read_text(encoding="utf-8")
    assert maker.page(page, schema) == page, "run `make pages`"
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("name", [*REPORTS, *(path.name for path in GOLDEN)])
def test_a_report_holds_to_the_schema_and_no_key_is_missing_from_it(schema, reports, name):
    for asked in (schema, closed(schema)):
        wrong = [
            f"{list(each.absolute_path)}: {each.message}"
            for each in Draft202012Validator(asked).iter_errors(reports[name])
        ]
        assert not wrong, "\n".join(wrong)[:2000]


def test_the_reports_reach_the_parts_that_are_plain_objects(reports):
    """The closed schema says nothing of an object that no report holds."""
    first = reports["a trait that is paid, with probes, prompts and regions"]
    assert first["channel"]["reward"]["pressure"]["curve"]
    assert first["hacking"]["reward"]["gain"]
    assert first["hacking"]["reward"]["foretold"]["candidates"]
    assert first["prompts"][0]["rollouts"]
    second = reports["a verifier from outside, a score, a verifier that some prompts fool"]
    assert second["openness"]["verifier"]["controls"]["moved"]
    assert second["channel"]["fooled"]["worst_prompts"]
    assert second["efficiency"]["verifier"]["surface"] is not None
    third = reports["a set with truth"]
    assert third["sft"]["filter"]["kept"]["precision"]["gain"]
    assert third["sft"]["judges"]
    fourth = reports["a loop that can be forecast"]
    assert fourth["forecast"]["reward"]["fit"]
    assert fourth["forecast"]["reward"]["backtest"]


def test_a_key_that_the_schema_does_not_name_is_noticed_and_does_not_break_a_reader(schema, reports):
    report = json.loads(json.dumps(reports["demo.json"]))
    report["budget"]["accuracy_reward"]["brand_new"] = 1.0
    assert Draft202012Validator(schema).is_valid(report)
    assert not Draft202012Validator(closed(schema)).is_valid(report)
    assert "brand_new" not in fb.Audit.from_json(report).dumps()


@pytest.mark.parametrize(
    ("place", "value"),
    [(("schema",), 2), (("log", "rollouts"), "many"), (("budget", "accuracy_reward", "status"), "perhaps")],
)
def test_what_is_no_report_is_refused(schema, reports, place, value):
    report = json.loads(json.dumps(reports["demo.json"]))
    part = report
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value
    assert not Draft202012Validator(schema).is_valid(report)


def test_a_field_that_nobody_explains_stops_the_schema(maker):
    keys = maker.Keys()
    del keys.fields["Budget"]["contrast_bits"]
    with pytest.raises(SystemExit, match=r"say what Budget\.contrast_bits means"):
        keys.whole()
