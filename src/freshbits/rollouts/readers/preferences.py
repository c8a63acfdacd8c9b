"""Preference sets: chosen and rejected completions of one prompt, with or without their scores and models.

TRL's preference format (https://huggingface.co/docs/trl/dataset_formats), distilabel's `FormatTextGenerationDPO`
(https://github.com/argilla-io/distilabel), Anthropic's transcripts (https://github.com/anthropics/hh-rlhf).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freshbits.errors import InputError
from freshbits.rollouts.cards import FormatCard
from freshbits.rollouts.readers.made import is_set, open_set
from freshbits.rollouts.readers.sft import apart
from freshbits.rollouts.tables.unfolded import open_unfolded

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from freshbits.rollouts.discover import Family
    from freshbits.rollouts.opened import Opened, Source
    from freshbits.rollouts.options import ReadOptions
    from freshbits.rollouts.tables.jsonl import Row

CARD = FormatCard(
    name="preferences",
    title="preference set",
    files="Parquet, JSONL, JSON or a save_to_disk folder with chosen and rejected (texts or messages)",
    tells="what the choice follows inside a pair; with scores of both sides, what the scores follow",
    cannot_tell="contrast bits (a pair has one of each by construction); completions that were neither",
    traps=(
        "A pair of equal texts is no choice: both rows are unscored.",
        "Every pair has one of each, so contrast is 1 bit by construction: what is judged is what the choice follows.",
        "Transcripts (\\n\\nAssistant:) and message lists hold the prompt inside both sides: it is taken out of them.",
        "Scores of both sides (score_chosen, chosen_rating, scores_chosen) are signals beside the choice.",
    ),
)
SIDES = ("chosen", "rejected")
SCORES = {"rating": ("{}_rating",), "score": ("{}_score", "score_{}", "scores_{}", "{}_reward")}
TURN = "\n\nAssistant:"


def recognise(family: Family) -> bool:
    """Returns whether rows hold a chosen and a rejected completion."""
    columns = set(family.columns)
    return set(SIDES) <= columns and not (columns & {"generations", "advantage"}) and is_set(columns)


def open_log(source: Source, options: ReadOptions) -> Opened:
    """Returns two rows per pair, with the signal `chosen` of 1 and 0 and the scores of both sides where given."""
    opened = open_set(source, open_unfolded(source, unfold), options, made="pairs")
    opened.notes.append("two rows per pair, chosen 1 and rejected 0; a pair of equal texts is no choice: unscored")
    if "prompt" not in opened.rows.schema:
        raise InputError("no prompt in this preference set", mend="say which column it is with --map prompt=COLUMN")
    return opened


def unfold(row: Row, _file: Path) -> Iterable[Row]:
    r"""Returns both sides of a pair.

    >>> pair = {"chosen": "\n\nHuman: 1+1?\n\nAssistant: 2", "rejected": "\n\nHuman: 1+1?\n\nAssistant: 3"}
    >>> [(made["prompt"], made["completion"], made["is_chosen"]) for made in unfold(pair, None)]
    [('Human: 1+1?', '2', 1), ('Human: 1+1?', '3', 0)]
    """
    flat = {name: value for name, value in row.items() if name not in SIDES and not isinstance(value, (list, dict))}
    told = {name.format(side) for names in SCORES.values() for name in names for side in SIDES}
    shared = {name: value for name, value in flat.items() if name not in told and not name.startswith(SIDES)}
    prompt = row.get("prompt") if "prompt" in row else row.get("instruction")
    if isinstance(prompt, list):
        prompt = apart([*prompt, {"role": "assistant", "content": ""}])[0]
    sides = [_read(row.get(side), prompt) for side in SIDES]
    choice = sides[0][1] is not None and sides[1][1] is not None and sides[0][1] != sides[1][1]
    for place, (side, (asked, said)) in enumerate(zip(SIDES, sides, strict=True)):
        made = shared | {"prompt": asked, "completion": said, "is_chosen": 1 - place if choice else None}
        made["generation_index"] = place
        for name, patterns in SCORES.items():
            for pattern in patterns:
                if pattern.format(side) in row:
                    made[name] = row[pattern.format(side)]
        if row.get(f"{side}_model") is not None:
            made["model"] = row[f"{side}_model"]
        yield made


def _read(value: Any, prompt: str | None) -> tuple[str | None, str | None]:
    """Returns prompt and completion of one side: text, messages, or a transcript that holds the prompt too."""
    if isinstance(value, list):
        asked, said = apart(
            value if prompt is None or len(value) > 1 else [{"role": "user", "content": prompt}, *value]
        )
        return (prompt if prompt is not None else asked), said
    if not isinstance(value, str):
        return prompt, None
    if prompt is None and TURN in value:
        before, _, after = value.rpartition(TURN)
        return before.strip(), after.strip()
    return prompt, value
