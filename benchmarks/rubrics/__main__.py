"""Holds rubrics to their bars: a server that misbehaves, kills, forty ways out of the quotation, a real local server.

    python -m benchmarks.rubrics [--rows 400] [--kills 10] [--model DIR] [-o DIR]

Without --model the tiny judge is made first, in a few minutes on one core; --no-real leaves the real server out.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.rubrics.killed import study as killed
from benchmarks.rubrics.ways_out import study as ways_out

RESULTS = Path(__file__).parents[1] / "results"
SEEDS = (11,)


def main() -> None:
    """Runs and writes; a part that is left out keeps its figures of an earlier run."""
    parser = argparse.ArgumentParser(description="Holds rubrics to their bars.")
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--model", type=Path, default=None, help="the tiny judge, where it is made already")
    parser.add_argument("--no-real", action="store_true")
    parser.add_argument("--only-real", action="store_true")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS)
    asked = parser.parse_args()
    place = asked.output / "rubrics.json"
    found: dict[str, Any] = json.loads(place.read_text()) if place.exists() else {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if not asked.only_real:
            found["ways_out"] = ways_out()
            found["killed"] = [killed(_made(folder / str(seed)), asked.rows, asked.kills, seed) for seed in SEEDS]
        if not asked.no_real:
            from benchmarks.rubrics import chatml, real, tiny_judge

            model = asked.model
            if model is None:
                model = folder / "judge"
                tiny_judge.make(model)
            found["real"] = real.study(model, _made(folder / "real")) | {"read_as_tags": real.tags(chatml.tokenizer())}
    asked.output.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(_rounded(found), indent=1, ensure_ascii=False) + "\n")
    (asked.output / "rubrics.md").write_text(markdown(_rounded(found)))


def markdown(found: dict[str, Any]) -> str:
    """Returns the figures as a page."""
    lines = ["# Rubrics: servers that misbehave, kills, ways out", ""]
    lines += ["Made by `python -m benchmarks.rubrics`. The judge of the first two parts goes by rule.", ""]
    lines += ["## Forty ways out of the quotation", ""]
    lines += ["How many make a judge obey that takes structure literally:", ""]
    lines += [f"- {name}: {row['obeyed']} of {row['ways']}" for name, row in found["ways_out"].items()]
    lines += ["", "## A server that misbehaves, and a run that is killed", ""]
    for row in found["killed"]:
        faults = sum(row["faults"].values())
        lines += [
            f"- {row['rows']} rows, {row['contents']} contents, {faults} faults of {len(row['faults'])} kinds, "
            f"{row['kills']} kills (SIGKILL), {row['workers']} workers: {row['scored']} rows scored, "
            f"{_bytes(row)} as undisturbed.",
            f"  Delivered again although written: {row['delivered_again_although_written']}; on their way when killed, "
            f"so asked again: {row['delivered_and_not_yet_written_when_killed']}.",
            f"  Undisturbed, {row['asked_twice_undisturbed']} of {row['scored_undisturbed']} contents were answered "
            "twice.",
        ]
    if "real" in found:
        row = found["real"]
        lines += ["", f"## A real local server: {row['server']}", ""]
        lines += [
            f"A tiny chat model made here (`tiny_judge.py`): {row['scored']} of {row['rows']} rows scored, "
            f"{row['seconds_per_verdict']:.2g} s per verdict. Killed after {row['kept_when_killed']} verdicts and gone "
            f"on with: {_bytes(row)}.",
            "",
            *(f"- {line}" for line in row["says"]),
            "",
            f"Ways out in which its tokenizer reads role tags that the template did not set: nothing quoted "
            f"{row['read_as_tags']['nothing quoted']} of 40, rubric {row['read_as_tags']['rubric']} of 40.",
        ]
    return "\n".join(lines) + "\n"


def _bytes(row: dict[str, Any]) -> str:
    return "the same bytes" if row["same_bytes"] else "OTHER BYTES"


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.3g}")
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list) else value


if __name__ == "__main__":
    main()
