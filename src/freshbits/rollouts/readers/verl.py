"""verl's rollout dumps: `{global_step}.jsonl`, one object per rollout, in the layouts of its two trainers.

https://github.com/verl-project/verl, `RayPPOTrainer._dump_generations` (V0) and
`PPOTrainer._log_rollout_data` (V1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.rollouts.cards import FormatCard
from freshbits.rollouts.groups import number_generations
from freshbits.rollouts.kinds import Kind
from freshbits.rollouts.names import asked, extras, is_number, mapped
from freshbits.rollouts.opened import Opened, Source
from freshbits.rollouts.runs import run_names, training_files
from freshbits.rollouts.schema import SIGNAL
from freshbits.rollouts.stream import Plan, Want, stream

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from freshbits.rollouts.discover import Family
    from freshbits.rollouts.options import ReadOptions
    from freshbits.rollouts.tables.jsonl import Row

CARD = FormatCard(
    name="verl",
    title="verl rollouts",
    files="ROLLOUT_DATA_DIR/{step}.jsonl (trainer.rollout_data_dir)",
    tells="step, prompt, completion, score, reference answer; V0 also what the reward function returned; "
    "V1 the group (uid)",
    cannot_tell="the group in V0 (equal prompts of one step), reward components in V1, log-probabilities, "
    "whether dynamic sampling dropped groups before the dump",
    traps=(
        "Dumps of validation (validation_data_dir) look the same: files in a directory named after evaluation are left "
        "out where there are others.",
        "With algorithm.filter_groups the dump holds only groups with contrast and does not say so: without any dead "
        "group their share is unknown, not 0.",
        "V1 drops what the reward function returned beside the score from training dumps.",
        "A uid is prompt, rollout and output: the group is its first part.",
    ),
)
FIXED = {"input", "output", "gts", "score", "step", "uid", "request_id"}
NOT_SIGNALS = {"num_turns", "turns", "response_length", "index", "idx", "step", "epoch", "reward_baseline"}


def recognise(family: Family) -> bool:
    """Returns whether rows have verl's input, output, score and step."""
    return {"input", "output", "score", "step"} <= set(family.columns)


def open_log(source: Source, options: ReadOptions) -> Opened:
    """Returns the rows; a reward function's further numbers (V0) are signals beside `score`."""
    files, left = training_files(source.files, source.root)
    table = source.table(unfold, files)
    columns = table.columns
    plan: Plan = {
        "step": Want("step", Kind.INTEGER),
        "prompt": Want("input", Kind.TEXT),
        "completion": Want("output", Kind.SAMPLED),
        "answer": Want("gts", Kind.TEXT),
        SIGNAL + "score": Want("score", Kind.SCORE),
    }
    if "__group__" in columns:
        plan |= {"group": Want("__group__", Kind.TEXT), "sample": Want("__sample__", Kind.INTEGER)}
    for canonical, name in {"extracted": "pred", "region": "data_source"}.items():
        if name in columns and not columns[name].is_nested():
            plan[canonical] = Want(name, Kind.TEXT)
    for name, kind in {"num_turns": Kind.INTEGER, "response_length": Kind.INTEGER}.items():
        if name in columns:
            plan["turns" if name == "num_turns" else "tokens"] = Want(name, kind)
    rest = {name: dtype for name, dtype in columns.items() if name not in FIXED and not name.startswith("__")}
    beside = [name for name, dtype in rest.items() if is_number(dtype) and name not in NOT_SIGNALS]
    plan |= {SIGNAL + name: Want(name, Kind.SCORE) for name in beside}
    plan |= mapped(options, columns)
    taken = {want.column for want in plan.values()}
    plan |= extras({name: dtype for name, dtype in rest.items() if name not in taken}) | asked(options, columns)
    notes = [*table.notes, *left]
    runs = run_names(files, source.root)
    if len(runs) > 1:
        notes.append(f"{len(runs)} runs, told apart by directory")
    if "group" in plan:
        notes.append("V1 layout: groups from uid")
    else:
        notes.append("V0 layout: no group id, so a group is the equal prompts of one step")
    if beside:
        notes.append(f"score, and beside it what the reward function returned: {', '.join(beside)}")
    notes.append("where filter_groups was on, groups without contrast are missing, and the dump does not say so")
    rows = number_generations(stream(table, plan), 1, runs)  # of it only the runs: rows stand in no order of prompts
    return Opened(rows, notes, files=files or None)


def unfold(row: Row, _file: Path) -> Iterable[Row]:
    """Returns the row with its group: a V1 uid is "{prompt uid}_{rollout}_{output}"."""
    uid = row.get("uid")
    if uid is None:
        return (row,)
    parts = str(uid).rsplit("_", 2)
    sample = int(parts[1]) if len(parts) == 3 and parts[1].isdigit() else None
    return ({**row, "__group__": parts[0], "__sample__": sample},)
