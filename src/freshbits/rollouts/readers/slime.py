"""slime's samples, exported as JSON lines: its own dumps are pickles (`.pt`), which are never read.

https://github.com/THUDM/slime, `Sample` in `slime/utils/types.py` and `_save_debug_rollout_data` in
`slime/ray/rollout.py`. The export is the one that the refusal of the pickle gives: one `Sample.to_dict()` per line.
"""

from __future__ import annotations

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
    name="slime",
    title="slime samples",
    files="JSON lines exported from --save-debug-rollout-data; the .pt files themselves are pickles and refused",
    tells="group, step (rollout_id), reward (every entry where it is several), tokens, log-probabilities, truncation, "
    "label; aborted samples are unscored",
    cannot_tell="whether --dynamic-sampling-filter-path dropped groups before the dump; truth",
    traps=(
        "The dump is a pickle, which runs the code it holds when it is read: refused, with lines that write it as "
        "JSON lines in the trainer's own Python.",
        "`tokens` holds the prompt too: the length is response_length, the log-probability is summed under loss_mask.",
        "An aborted or failed sample was not judged: unscored, whatever its reward.",
    ),
)
UNJUDGED = {"aborted", "pending", "failed"}
COLUMNS = {
    "step": Kind.INTEGER,
    "prompt": Kind.TEXT,
    "group": Kind.TEXT,
    "sample": Kind.INTEGER,
    "completion": Kind.TEXT,
    "answer": Kind.TEXT,
    "logprob": Kind.NUMBER,
    "tokens": Kind.INTEGER,
    "truncated": Kind.FLAG,
}
REWARD = "reward."


def recognise(family: Family) -> bool:
    """Returns whether rows are slime's samples: group_index, response, reward and status."""
    return family.kind == "json" and {"group_index", "response", "reward", "status"} <= set(family.columns)


def open_log(source: Source, options: ReadOptions) -> Opened:
    """Returns the samples, grouped by group_index."""
    table = tolerant(source, unfold)
    plan: Plan = {name: Want(name, kind) for name, kind in COLUMNS.items() if name in table.columns}
    rewards = [name for name in table.columns if name == "reward" or name.startswith(REWARD)]
    plan |= {SIGNAL + name.removeprefix(REWARD): Want(name, Kind.SCORE) for name in rewards}
    plan |= mapped(options, table.columns)
    taken = {want.column for want in plan.values()}
    plan |= extras({name: dtype for name, dtype in table.columns.items() if name not in taken})
    notes = [
        *table.notes,
        "groups from group_index",
        "where a dynamic sampling filter was on, the groups it dropped are missing, and the dump does not say so",
    ]
    return Opened(stream(table, plan | asked(options, table.columns)), notes)


def unfold(row: Row, _file: Path) -> Iterable[Row]:
    """Returns the sample with the masked sum of its log-probabilities; an aborted one is unscored."""
    status = str(row.get("status", "")).lower().rsplit(".", 1)[-1]  # the enumeration's name or its value
    reward = row.get("reward")
    judged = status not in UNJUDGED
    flat: Row = {
        "step": row.get("rollout_id"),
        "prompt": row.get("prompt"),
        "group": str(row.get("group_index")),
        "sample": row.get("index"),
        "completion": row.get("response"),
        "answer": row.get("label"),
        "tokens": row.get("response_length"),
        "logprob": _logprob(row),
        "truncated": status == "truncated",
        "status": status,
    }
    if isinstance(reward, dict):
        flat |= {REWARD + name: value if judged else None for name, value in reward.items()}
    else:
        flat["reward"] = reward if judged else None
    return ({name: v for name, v in flat.items() if v is not None or name.startswith("reward")},)


def _logprob(row: Row) -> float | None:
    values, mask = row.get("rollout_log_probs"), row.get("loss_mask")
    if not isinstance(values, list) or not values or any(value is None for value in values):
        return None
    if isinstance(mask, list) and len(mask) == len(values):
        values = [value for value, on in zip(values, mask, strict=True) if on]
    return float(sum(map(_number, values)))


def _number(value: Any) -> float:
    return float(value)
