"""SkyRL's dumps of evaluations: `dumped_evals/global_step_{N}_evals/{data_source}.jsonl`, one rollout per line.

https://github.com/NovaSky-AI/SkyRL, `dump_per_dataset_eval_results` in `skyrl/train/utils/trainer_utils.py`. Training
batches are dumped as pickles (`dumped_data/global_step_{N}_training_input.pkl`), which are never read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from freshbits.rollouts.cards import FormatCard
from freshbits.rollouts.kinds import Kind
from freshbits.rollouts.names import asked, extras, mapped
from freshbits.rollouts.opened import Opened, Source
from freshbits.rollouts.schema import SIGNAL
from freshbits.rollouts.stream import Plan, Want, stream
from freshbits.rollouts.tables.tolerant import tolerant

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from freshbits.rollouts.discover import Family
    from freshbits.rollouts.options import ReadOptions
    from freshbits.rollouts.tables.jsonl import Row

CARD = FormatCard(
    name="skyrl",
    title="SkyRL evaluation dumps",
    files="EXPORT_PATH/dumped_evals/global_step_{N}_evals/{data_source}.jsonl (trainer.dump_eval_results); training "
    "batches are pickles and refused",
    tells="prompt, completion, score (token scores summed), truncation, data source, reference answer, metrics of the "
    "environment",
    cannot_tell="rounds of training (evaluations are none), the group beyond equal prompts of one evaluation, "
    "log-probabilities, tokens, truth",
    traps=(
        "A score may be a list per token: it is summed, and unscored where one is missing.",
        "aggregated_results.jsonl beside it is a summary and passed over.",
        "Several evaluations in one place are the same prompts under different policies: each has its own groups.",
        "Training batches (dumped_data/*.pkl) are pickles: refused, because reading one runs the code it holds.",
    ),
)
STEP = re.compile(r"global_step_(\d+)_evals$")
FIXED = {"input_prompt", "output_response", "score", "stop_reason", "env_class", "env_extras", "data_source",
         "env_metrics"}  # fmt: skip
COLUMNS = {
    "prompt": Kind.TEXT,
    "group": Kind.TEXT,
    "completion": Kind.TEXT,
    "answer": Kind.TEXT,
    "truncated": Kind.STOP,
    "region": Kind.TEXT,
}


def recognise(family: Family) -> bool:
    """Returns whether rows have SkyRL's input_prompt, output_response and score."""
    return family.kind == "json" and {"input_prompt", "output_response", "score"} <= set(family.columns)


def open_log(source: Source, options: ReadOptions) -> Opened:
    """Returns the rollouts of all evaluations there, each evaluation's groups by themselves."""
    table = tolerant(source, unfold)
    plan: Plan = {name: Want(name, kind) for name, kind in COLUMNS.items() if name in table.columns}
    plan[SIGNAL + "score"] = Want("score", Kind.SCORE)
    plan |= mapped(options, table.columns)
    taken = {want.column for want in plan.values()}
    plan |= extras({name: dtype for name, dtype in table.columns.items() if name not in taken})
    steps = sorted({int(match.group(1)) for file in source.files if (match := STEP.search(file.parent.name))})
    notes = [*table.notes, "groups are equal prompts of one evaluation and data source"]
    if steps:
        notes.append(f"evaluations at steps {', '.join(map(str, steps))}: they are no rounds of training")
    return Opened(stream(table, plan | asked(options, table.columns)), notes)


def unfold(row: Row, file: Path) -> Iterable[Row]:
    """Returns the rollout with its score summed over tokens and the reference answer of its environment."""
    match = STEP.search(file.parent.name)
    score = row.get("score")
    flat: Row = {name: value for name, value in row.items() if name not in FIXED}
    flat |= {
        "prompt": row.get("input_prompt"),
        "completion": row.get("output_response"),
        "score": _summed(score),
        "truncated": row.get("stop_reason"),
        "region": row.get("data_source") or row.get("env_class"),
        "answer": _answer(row.get("env_extras")),
        "group": f"{match.group(1) if match else 'evaluation'}: {row.get('input_prompt')}",
    }
    if match:
        flat["evaluated_at"] = int(match.group(1))
    metrics = row.get("env_metrics")
    if isinstance(metrics, dict):
        flat |= {name: value for name, value in metrics.items() if isinstance(value, (bool, int, float))}
    return ({name: value for name, value in flat.items() if value is not None or name == "score"},)


def _summed(score: Any) -> Any:
    """Returns a score as it is, or the sum of token scores; None where one is missing."""
    if not isinstance(score, list):
        return score
    return None if not score or any(value is None for value in score) else sum(score)


def _answer(held: Any) -> str | None:
    """Returns the reference answer in what the environment was given."""
    if not isinstance(held, dict):
        return None
    for place in (held.get("reward_spec"), held.get("reward_model"), held, held.get("extra_info")):
        if isinstance(place, dict):
            for name in ("ground_truth", "answer"):
                if isinstance(place.get(name), (str, int, float)):
                    return str(place[name])
    return None
