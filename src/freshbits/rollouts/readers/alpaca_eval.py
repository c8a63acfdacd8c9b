"""AlpacaEval's annotations: one judged pair per instruction, the evaluated model's output against a baseline's.

https://github.com/tatsu-lab/alpaca_eval, `results/MODEL/ANNOTATOR/annotations.json` (`main.evaluate` passes the
baseline as `outputs_1`, the evaluated model as `outputs_2`); the win rate is the mean of `preference - 1`
(`metrics/helpers.py`, where 0 is an old way to write a tie).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freshbits.rollouts.cards import FormatCard
from freshbits.rollouts.judges import split_by_judge
from freshbits.rollouts.kinds import BadValueError, Kind, number
from freshbits.rollouts.names import mapped, require_rollouts
from freshbits.rollouts.opened import Opened, Source
from freshbits.rollouts.readers import sft
from freshbits.rollouts.schema import EXTRA, SIGNAL
from freshbits.rollouts.stream import Plan, Want, stream
from freshbits.rollouts.tables.jsonl import objects
from freshbits.rollouts.tables.rows import open_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freshbits.rollouts.discover import Family
    from freshbits.rollouts.options import ReadOptions
    from freshbits.rollouts.problems import Problems
    from freshbits.rollouts.tables.rows import Numbered

CARD = FormatCard(
    name="alpaca-eval",
    title="AlpacaEval annotations",
    files="results/MODEL/ANNOTATOR/annotations.json; model_outputs.json alone is read as a set without scores",
    tells="both outputs, both models, the judge, its preference between 0 (baseline) and 1 (evaluated model)",
    cannot_tell="the judge's own noise (each pair is asked about once, in one random order that is mapped back); "
    "whether the better output is right",
    traps=(
        "preference is 1 for output_1 (the baseline) and 2 for output_2 (the evaluated model): the signal is "
        "preference - 1, as AlpacaEval's win rate is, though its README says elsewhere that it speaks for output_1.",
        "1.5 is a tie, and so is 0 in old files: both are 0.5.",
        "A preference of null is no verdict: unscored. Numbers outside 1 to 2 are none either, and are counted.",
        "Weighted annotators give a preference between 1 and 2: --accept 'preference>=0.5' makes a verdict of it.",
        "glm_preference, where it stands, is the length-controlled fit, not a judge's word: kept beside, no signal.",
        "Of several models in one folder the baseline is the same text: its rows repeat as opponents.",
    ),
)
PAIR = {"instruction", "output_1", "output_2", "preference"}
OUTPUTS = {"instruction", "output", "generator"}
JUDGE = "judge.annotator"
KINDS = {
    "prompt": Kind.TEXT, "source": Kind.TEXT, "completion": Kind.SAMPLED, "opponent": Kind.SAMPLED, "region": Kind.TEXT,
    SIGNAL + "preference": Kind.SCORE, EXTRA + "baseline": Kind.TEXT, EXTRA + "glm_preference": Kind.NUMBER,
}  # fmt: skip


def recognise(family: Family) -> bool:
    """Returns whether rows are annotations of pairs, or the outputs that stand beside them."""
    columns = set(family.columns)
    outputs = bool(family.files) and family.files[0].name == "model_outputs.json" and columns >= OUTPUTS
    return family.kind == "json" and (columns >= PAIR or outputs)


def open_log(source: Source, options: ReadOptions) -> Opened:
    """Returns one row per pair, the evaluated model's output first; outputs without annotations as a set."""
    judged = {file for family in source.families if set(family.columns) >= PAIR for file in family.files}
    files = tuple(file for file in source.files if file in judged)
    if not files:
        return sft.open_log(source, options)

    def made(problems: Problems) -> Iterator[Numbered]:
        for file in files:
            for line, row in objects(file, problems):
                yield str(file), line, _row(row, str(file), line, problems)

    table = open_rows(made, source.problems, files)
    plan: Plan = {name: Want(name, kind) for name, kind in KINDS.items() if name in table.columns}
    plan |= mapped(options, table.columns)
    require_rollouts(plan, table.columns, files[0])
    notes = ["preference: 1 where the evaluated model (output_2) was preferred, 0 the baseline, 0.5 a tie"]
    if len(files) < len(source.files):
        notes.append("model_outputs.json is not read: the annotations hold the outputs")
    opened = Opened(stream(table, plan), notes, files=files)
    return split_by_judge(opened, stream(table, plan | {JUDGE: Want(JUDGE, Kind.TEXT)}), [JUDGE])


def _row(row: dict[str, Any], file: str, line: int, problems: Problems) -> dict[str, Any]:
    made = {
        "prompt": row.get("instruction"),
        "source": row.get("generator_2"),
        "completion": row.get("output_2"),
        "opponent": row.get("output_1"),
        "region": row.get("dataset"),
        SIGNAL + "preference": _preference(row.get("preference"), file, line, problems),
        EXTRA + "baseline": row.get("generator_1"),
        JUDGE: row.get("annotator"),
    }
    if row.get("input"):  # AlpacaFarm's second half of the instruction
        made["prompt"] = f"{made['prompt']}\n\n{row['input']}"
    return made | ({EXTRA + "glm_preference": row["glm_preference"]} if "glm_preference" in row else {})


def _preference(value: Any, file: str, line: int, problems: Problems) -> float | None:
    """Returns the preference for the second output, from 0 to 1; None where it is none."""
    try:
        found = number(value)
    except BadValueError:
        found = -1.0
    if found is None or found != found:
        return None
    if found == 0:
        return 0.5
    if 1 <= found <= 2:
        return found - 1
    problems.add("preference is no number from 1 to 2: unscored", file, line)
    return None
