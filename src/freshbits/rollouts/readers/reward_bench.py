"""RewardBench's scores of every pair: a reward model's number for the chosen and for the rejected answer.

https://github.com/allenai/reward-bench, `scripts/run_rm.py` and `run_dpo.py` save `eval-set-scores/MODEL.json`: one
object whose columns are lists (text_chosen, text_rejected, id, subset, results, scores_chosen, scores_rejected).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from freshbits.errors import InputError
from freshbits.rollouts.cards import FormatCard
from freshbits.rollouts.kinds import Kind
from freshbits.rollouts.names import mapped, require_rollouts
from freshbits.rollouts.opened import Opened, Source
from freshbits.rollouts.schema import SIGNAL
from freshbits.rollouts.stream import Plan, Want, stream
from freshbits.rollouts.tables.documents import document
from freshbits.rollouts.tables.rows import open_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from freshbits.rollouts.discover import Family
    from freshbits.rollouts.options import ReadOptions
    from freshbits.rollouts.problems import Problems
    from freshbits.rollouts.tables.rows import Numbered, Row

CARD = FormatCard(
    name="reward-bench",
    title="RewardBench scores",
    files="results/eval-set-scores/MODEL.json (run_rm.py, run_dpo.py)",
    tells="a reward model's score of both answers of each pair, which one is right (truth), the subset",
    cannot_tell="who wrote the answers; generative judges save verdicts without scores, MODEL_all.jsonl scores without "
    "texts: neither is read",
    traps=(
        "The file holds columns, not rows, and the texts hold prompt and answer in one, in the model's chat template: "
        "they are parted where the two texts of a pair begin to differ, at the start of that line.",
        "results counts a tie as a loss; here both scores stand, and a tie is a tie.",
        "chosen is right by construction: truth is 1 for it and 0 for the rejected answer, in every pair.",
        "Scores are logits of one reward model: they compare inside a pair, not between models.",
    ),
)
KINDS = {
    "prompt": Kind.TEXT, "prompt_id": Kind.TEXT, "group": Kind.TEXT, "sample": Kind.INTEGER, "completion": Kind.SAMPLED,
    "truth": Kind.NUMBER, "region": Kind.TEXT, SIGNAL + "score": Kind.SCORE,
}  # fmt: skip
SIDES = ("chosen", "rejected")


def recognise(family: Family) -> bool:
    """Returns whether a file holds the scores of pairs by column."""
    columns = set(family.columns)
    return family.kind in ("document", "json") and {"results", "scores_chosen", "model"} <= columns


def open_log(source: Source, options: ReadOptions) -> Opened:
    """Returns two rows per pair, with truth from which of them is the chosen one."""

    held: dict[Path, Row] = {}

    def whole(file: Path) -> Row:
        """Keeps the last file: it is asked for again at once where there is one only."""
        if file not in held:
            found = document(file)
            held.clear()
            held[file] = found
        return held[file]

    def made(_problems: Problems) -> Iterator[Numbered]:
        for file in source.files:
            try:
                for place, row in _rows(whole(file)):
                    yield str(file), place, row
            except (IndexError, KeyError, TypeError) as error:
                raise InputError(
                    f"does not have the shape of RewardBench's scores ({error})", file=file,
                    mend="save them again with run_rm.py",
                ) from None  # fmt: skip

    table = open_rows(made, source.problems, source.files)
    plan: Plan = {name: Want(name, kind) for name, kind in KINDS.items() if name in table.columns}
    plan |= mapped(options, table.columns)
    require_rollouts(plan, table.columns, source.first_file)
    judges = [whole(file).get("model") for file in source.files]
    notes = ["two rows per pair: truth is 1 for the chosen answer, 0 for the rejected one",
             "prompt and answer are parted where the texts of a pair begin to differ"]  # fmt: skip
    opened = Opened(stream(table, plan), notes, made="pairs")
    if len(set(judges)) == 1:
        opened.judged_by["score"] = str(judges[0])
    else:
        opened.notes.append(f"{len(set(judges))} reward models, each with logits of its own scale: point at one file")
    return opened


def _rows(held: Row) -> Iterator[tuple[int, Row]]:
    subsets = held.get("subset") or held.get("subsets")
    for place in range(len(held["scores_chosen"])):
        texts = [_text(held[f"text_{side}"][place]) for side in SIDES]
        shared = os.path.commonprefix(texts)  # noqa: RUF071  character by character is what is meant
        shared = shared[: shared.rfind("\n") + 1]
        region = subsets[place] if subsets else None
        key = f"{region}/{held['id'][place] if 'id' in held else place}"
        for number, side in enumerate(SIDES):
            yield (
                place + 1,
                {
                    "prompt": shared or None,
                    "prompt_id": key,
                    "group": key,
                    "sample": number,
                    "completion": texts[number][len(shared) :],
                    "truth": 1 - number,
                    "region": region,
                    SIGNAL + "score": _one(held[f"scores_{side}"][place]),
                },
            )


def _text(value: Any) -> str:
    if isinstance(value, list):  # generative runs keep messages
        return "\n".join(str(one.get("content")) for one in value)
    return str(value)


def _one(value: Any) -> Any:
    """Returns a score that some models write as a list of one."""
    return _one(value[0]) if isinstance(value, list) and len(value) == 1 else value
