"""rewardspy's records: rewards of calls without prompt, completion or group, so refused with what is missing.

https://github.com/AvAdiii/rewardspy: one JSON object per call of a reward function (call_id, step, scalar_reward,
components, input_length, output_length).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.errors import InputError
from freshbits.rollouts.cards import FormatCard

if TYPE_CHECKING:
    from freshbits.rollouts.discover import Family
    from freshbits.rollouts.opened import Opened, Source
    from freshbits.rollouts.options import ReadOptions

CARD = FormatCard(
    name="rewardspy",
    title="rewardspy records",
    files="the JSONL of rewardspy; recognised and refused",
    tells="nothing by itself: rewards and lengths belong to no prompt and no group",
    cannot_tell="prompt, completion, group: contrast, coverage and openness need all three (OpenRLHF writes no "
    "rollouts at all: log them in its custom reward function)",
)


def recognise(family: Family) -> bool:
    """Returns whether rows are calls of a reward function as rewardspy records them."""
    return {"call_id", "scalar_reward", "components"} <= set(family.columns)


def open_log(source: Source, _options: ReadOptions) -> Opened:
    """Raises: what a prompt's completions differ in cannot be told from rewards without prompts.

    Raises:
        InputError: always, with what to log instead.
    """
    raise InputError(
        "is a record of rewardspy: rewards and lengths of calls without prompt, completion or group",
        file=source.first_file,
        mend="log the rollouts themselves (TRL: log_completions=True) and read those",
    )
