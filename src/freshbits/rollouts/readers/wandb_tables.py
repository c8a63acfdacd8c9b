"""Tables of completions that Weights & Biases keeps: `{"columns": […], "data": [[…]]}`, one file per logging step.

https://github.com/wandb/wandb, `wandb.Table.to_json`; TRL before 1.0 and ms-swift log completions there only, with
`reward` or `reward_<function>` columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freshbits.errors import InputError
from freshbits.rollouts.cards import FormatCard
from freshbits.rollouts.columnar import GROUP, HIDDEN, exploded, once
from freshbits.rollouts.groups import number_generations
from freshbits.rollouts.kinds import Kind
from freshbits.rollouts.names import plan_columns, require_rollouts
from freshbits.rollouts.opened import Opened, Source
from freshbits.rollouts.runs import run_names
from freshbits.rollouts.schema import SIGNAL
from freshbits.rollouts.stream import Want, stream
from freshbits.rollouts.tables.tolerant import tolerant

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from freshbits.rollouts.discover import Family
    from freshbits.rollouts.options import ReadOptions
    from freshbits.rollouts.tables.jsonl import Row

CARD = FormatCard(
    name="wandb-table",
    title="W&B completion tables",
    files="media/table/completions_STEP_HASH.table.json (TRL and ms-swift with report_to=wandb)",
    tells="step, prompt, completion, the total (`reward`) and every reward function where they are columns",
    cannot_tell="weights, log-probabilities, truth; the group beyond equal prompts in a row",
    traps=(
        "A table with one row per prompt (wandb_log_unique_prompts) lacks the other rollouts of its groups.",
        "`reward` is the total of the `reward_` columns beside it, at weights that are not logged: no further part.",
        "A batch is written at every logging step that it lasts: one that an earlier table holds is left out.",
    ),
)


def recognise(family: Family) -> bool:
    """Returns whether a file is a table of W&B with a prompt and a completion."""
    if family.kind != "json" or not {"columns", "data"} <= set(family.columns):
        return False
    columns = family.first.get("columns")
    return isinstance(columns, list) and {"prompt", "completion"} <= set(map(str, columns))


def open_log(source: Source, options: ReadOptions) -> Opened:
    """Returns the rows of all tables, each batch once, with `group` = "batch:chunk of equal prompts"."""
    table = tolerant(source, unfold)
    visible = {name: dtype for name, dtype in table.columns.items() if name not in {*HIDDEN, GROUP}}
    plan, notes = plan_columns(visible, options)
    require_rollouts(plan, visible, source.first_file, unscored=options.unscored)
    signals = [name.removeprefix(SIGNAL) for name in plan if name.startswith(SIGNAL)]
    parts = [name for name in signals if name.startswith(("reward_", "rewards/"))]
    if "reward" in signals and parts:
        notes.append(f"reward is the total of {', '.join(parts)}; their weights are not logged")
    runs = run_names(source.files, source.root)
    if GROUP in table.columns:
        plan["group"] = Want(GROUP, Kind.TEXT)
        notes.append("groups by equal text and row order inside each table")
    else:
        notes.append("no run of equal prompts shows num_generations: groups are equal prompts of one step")
    notes.append("a batch that an earlier table holds already is left out")
    opened = Opened(number_generations(stream(table, plan | HIDDEN), 1, runs), [*table.notes, *notes])
    opened.rows = once(opened.rows, opened.duplicates, source.problems)
    return opened


def unfold(row: Row, file: Path) -> Iterable[Row]:
    """Yields the rows of a table."""
    columns, data = row.get("columns"), row.get("data")
    if not isinstance(columns, list) or not isinstance(data, list):
        raise InputError("is no table of W&B: columns and data are missing", file=file, mend="leave it out")
    lists: dict[str, list[Any]] = {str(name): [values[at] for values in data] for at, name in enumerate(columns)}
    if "step" in lists:  # the trainers write it as text
        lists["step"] = [int(value) if str(value).isdigit() else value for value in lists["step"]]
    return exploded(lists)
