"""Arena-Hard's judgments: each answer against a baseline's, judged in both orders.

https://github.com/lmarena/arena-hard-auto, `gen_judgment.py` writes `data/BENCH/model_judgment/JUDGE/MODEL.jsonl`, the
answers stand in `data/BENCH/model_answer/MODEL.jsonl` (by `uid`; `question_id` before version 2). In the first game
assistant A is the baseline, in the second the orders are swapped; `show_result.py` maps the labels so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from freshbits.errors import InputError
from freshbits.rollouts.cards import FormatCard
from freshbits.rollouts.judges import split_by_judge
from freshbits.rollouts.kinds import Kind
from freshbits.rollouts.messages import message_text
from freshbits.rollouts.names import mapped, require_rollouts
from freshbits.rollouts.opened import Opened, Source
from freshbits.rollouts.problems import Problems
from freshbits.rollouts.schema import EXTRA, SIGNAL
from freshbits.rollouts.stream import Plan, Want, stream
from freshbits.rollouts.tables.jsonl import objects
from freshbits.rollouts.tables.rows import open_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from freshbits.rollouts.discover import Family
    from freshbits.rollouts.options import ReadOptions
    from freshbits.rollouts.tables.rows import Numbered, Row

CARD = FormatCard(
    name="arena-hard",
    title="Arena-Hard judgments",
    files="data/BENCH/model_judgment/JUDGE/MODEL.jsonl, with ../../model_answer/MODEL.jsonl for the answers",
    tells="both orders of every pair (how often the judge contradicts itself), judge, model, baseline, category, texts",
    cannot_tell="which answer is right; truncation; several answers of one model to one question",
    traps=(
        "A is the baseline in the first game and the model in the second: labels are turned, so that 1 speaks for the "
        "model in both; the two games are two readings of one pair (repeat).",
        "The signal has five levels: A>>B 1, A>B 0.75, A=B 0.5, B>A 0.25, B>>A 0 (for the model). Arena-Hard's own "
        "score counts a strong verdict three times; --accept 'score>0.5' counts wins.",
        "A null score is no verdict (the judge named none, or two): unscored. Arena-Hard drops the other game, too; "
        "here it stays.",
        "Without the answers' files the texts are taken out of the judge's prompt; a label may be written B<A for A>B.",
        "Arena-Hard leaves a judge's own answers out of its ranking; here they stay, and openness speaks of them.",
    ),
)
LEVELS = {"A>>B": 1.0, "A>B": 0.75, "A=B": 0.5, "B=A": 0.5, "B>A": 0.25, "B>>A": 0.0,
          "B<<A": 1.0, "B<A": 0.75, "A<B": 0.25, "A<<B": 0.0}  # fmt: skip
ASKED = re.compile(
    r"<\|User Prompt\|>\n(.*?)\n+<\|The Start of Assistant A's Answer\|>\n(.*?)\n<\|The End of Assistant A's Answer\|>"
    r"\s+<\|The Start of Assistant B's Answer\|>\n(.*)\n<\|The End of Assistant B's Answer\|>",
    re.DOTALL,
)
JUDGE = "judge.judge"
KINDS = {
    "prompt": Kind.TEXT, "prompt_id": Kind.TEXT, "source": Kind.TEXT, "repeat": Kind.INTEGER,
    "completion": Kind.SAMPLED, "opponent": Kind.SAMPLED, "region": Kind.TEXT, SIGNAL + "score": Kind.SCORE,
    EXTRA + "baseline": Kind.TEXT, EXTRA + "label": Kind.TEXT,
}  # fmt: skip
HELD = 4  # models whose answers are held at a time

Answers = dict[str, tuple[str | None, str | None]]  # question -> prompt, answer


def recognise(family: Family) -> bool:
    """Returns whether rows are judgments with games, or the answers that they are about."""
    columns = set(family.columns)
    answers = "model_answer" in {part for file in family.files[:1] for part in file.parts}
    return family.kind == "json" and (_judged(columns) or (answers and bool(columns & {"ans_id", "answer_id"})))


def open_log(source: Source, options: ReadOptions) -> Opened:
    """Returns one row per game, the model's answer first; judges as signals of their own."""
    judged = {file for family in source.families if _judged(set(family.columns)) for file in family.files}
    files = tuple(file for file in source.files if file in judged)
    if not files:
        raise InputError(
            "answers without judgments: nothing here was scored", file=source.first_file,
            mend="point at the folder model_judgment beside them, or at the one above both",
        )  # fmt: skip
    held: dict[tuple[Path, str], Answers] = {}

    def made(problems: Problems) -> Iterator[Numbered]:
        for file in files:
            place = str(file), file.absolute().parents[2]
            for line, row in objects(file, problems):
                try:
                    rows = list(_rows(row, place, line, held, problems))
                except (AttributeError, KeyError, TypeError) as error:
                    raise InputError(
                        f"does not have the shape of Arena-Hard's judgments ({error})", file=file, row=line,
                        mend="mend or delete the line",
                    ) from None  # fmt: skip
                for made_row in rows:
                    yield str(file), line, made_row

    table = open_rows(made, source.problems, files)
    plan: Plan = {name: Want(name, kind) for name, kind in KINDS.items() if name in table.columns}
    plan |= mapped(options, table.columns)
    require_rollouts(plan, table.columns, files[0])
    notes = [
        "score: 1 where the model's answer is much better than the baseline's, 0.75 better, 0.5 a tie, 0.25, 0",
        "the second game has the orders swapped: its labels are turned back, and both are readings of one pair",
    ]
    opened = Opened(stream(table, plan), notes, files=files)
    return split_by_judge(opened, stream(table, plan | {JUDGE: Want(JUDGE, Kind.TEXT)}), [JUDGE])


def _judged(columns: set[str]) -> bool:
    return {"games", "judge", "model"} <= columns and bool(columns & {"uid", "question_id"})


def _rows(
    row: Row, place: tuple[str, Path], line: int, held: dict[tuple[Path, str], Answers], problems: Problems
) -> Iterator[Row]:
    file, bench = place
    uid = str(row["uid"] if "uid" in row else row["question_id"])
    model, baseline = str(row["model"]), row.get("baseline")
    asked, answer = _answers(bench, model, held).get(uid, (None, None))
    _, other = _answers(bench, str(baseline), held).get(uid, (None, None)) if baseline is not None else (None, None)
    shared = {"prompt_id": uid, "source": model, "region": row.get("category"), EXTRA + "baseline": baseline}
    for number, game in enumerate(row["games"]):
        game = game or {}
        label = game.get("score")
        level = LEVELS.get(str(label))
        if level is None and label is not None:
            problems.add("the score is no label of Arena-Hard: unscored", file, line)
        if level is not None and number % 2 == 0:  # B is the model
            level = 1 - level
        seen = _seen(game)
        first, second = (seen[2], seen[1]) if number % 2 == 0 else (seen[1], seen[2])
        yield shared | {
            "prompt": asked if asked is not None else seen[0],
            "repeat": number,
            "completion": answer if answer is not None else first,
            "opponent": other if other is not None else second,
            SIGNAL + "score": level,
            EXTRA + "label": label,
            JUDGE: row["judge"],
        }


def _seen(game: Row) -> tuple[str | None, str | None, str | None]:
    """Returns question, answer A and answer B from the prompt that the judge was given."""
    asked = game.get("prompt", game.get("user_prompt"))
    if isinstance(asked, list):
        texts = [one.get("content") for one in asked if isinstance(one, dict) and one.get("role") == "user"]
        asked = texts[0] if texts else None
    found = ASKED.search(asked) if isinstance(asked, str) else None
    return (found[1], found[2], found[3]) if found else (None, None, None)


def _answers(bench: Path, model: str, held: dict[tuple[Path, str], Answers]) -> Answers:
    """Returns a model's answers by question from `model_answer` of the benchmark; none where there is no such file."""
    if (bench, model) not in held:
        if len(held) >= HELD:
            held.pop(next(iter(held)))
        place = bench / "model_answer" / f"{model}.jsonl"
        lines = objects(place, Problems()) if place.is_file() else iter(())
        told = {str(row["uid"] if "uid" in row else row.get("question_id")): _told(row) for _, row in lines}
        held[bench, model] = told
    return held[bench, model]


def _told(row: Row) -> tuple[str | None, str | None]:
    """Returns prompt and answer: messages (an answer may stand in a dictionary), or the first of the older choices."""
    messages = row.get("messages")
    if isinstance(messages, list) and messages:
        last: Any = messages[-1].get("content")
        before = [one for one in messages[:-1] if one.get("role") != "system"]
        return message_text(before) if before else None, str(last["answer"]) if isinstance(last, dict) else last
    turns = ((row.get("choices") or [{}])[0] or {}).get("turns") or []
    return None, "\n\n".join(str(turn.get("content")) for turn in turns) or None
