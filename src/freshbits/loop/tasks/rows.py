"""Tasks from rows: a data set with prompts and answers, checked by a verifier."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from freshbits.errors import InputError
from freshbits.loop.tasks.task import Prompt, split
from freshbits.rollouts.options import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from freshbits.loop.parts import Task as Declared

READERS: dict[str, Callable[[Path], pl.DataFrame]] = {
    ".parquet": pl.read_parquet,
    ".jsonl": pl.read_ndjson,
    ".csv": pl.read_csv,
}


@dataclass(frozen=True)
class Rows:
    """Asks the prompts of a table; a completion is right where it states the row's answer.

    Attributes:
        name: where the rows came from.
        train, held_out: prompts with their answers.
    """

    name: str
    train: tuple[Prompt, ...]
    held_out: tuple[Prompt, ...]

    checks: ClassVar[bool] = False  # the verifier that the loop names says what is right
    read: ClassVar[str | None] = None
    longest: ClassVar[int | None] = None

    def check(self, prompt: Prompt, completion: str) -> float | None:
        """Returns 1.0 where the completion is the row's answer, white space apart; None where it has no answer."""
        return None if prompt.answer is None else float(completion.strip() == prompt.answer.strip())

    def reference(self, prompt: Prompt, rng: random.Random) -> str | None:  # noqa: ARG002
        """Returns the row's answer: there is one."""
        return prompt.answer

    def fixed_reference(self, prompt: Prompt) -> str | None:
        """Returns the row's answer."""
        return prompt.answer

    def answers(self, prompt: Prompt) -> Sequence[str] | None:  # noqa: ARG002
        """Returns None: right completions are not listed."""
        return None


def read_rows(declared: Declared) -> Rows:
    """Reads the rows of a declared data set; prompts that stand twice count once.

    Raises:
        InputError: if the data set or a column of it is not there, or holds too few prompts.
    """
    place = str(declared.dataset)
    table = _table(declared)
    for column in (declared.prompt, declared.answer):
        if column not in table.columns:
            raise InputError(
                "there is no such column" + nearest(column, table.columns), file=place, column=column,
                mend=f"it has {', '.join(table.columns)}",
            )  # fmt: skip
    chosen = table.select(
        prompt=pl.col(declared.prompt).cast(pl.String), answer=pl.col(declared.answer).cast(pl.String)
    ).drop_nulls("prompt")
    chosen = chosen.unique("prompt", keep="first", maintain_order=True)
    if declared.size is not None:
        chosen = chosen.sample(min(declared.size, chosen.height), seed=declared.seed)
    if chosen.height < 2:
        raise InputError(f"holds {chosen.height} prompt(s)", file=place, mend="give two or more")
    prompts = [Prompt(text, answer=answer) for text, answer in chosen.iter_rows()]
    train, held_out = split(prompts, declared.held_out, random.Random(declared.seed))
    return Rows(Path(place).stem, train, held_out)


def _table(declared: Declared) -> pl.DataFrame:
    path = Path(str(declared.dataset))
    if path.suffix in READERS:
        if not path.is_file():
            raise InputError("there is no such file", file=path, mend="check the path")
        return READERS[path.suffix](path)
    try:
        from datasets import load_dataset

        load: Any = load_dataset
        return pl.DataFrame(load(str(path), split=declared.split or "train").to_dict())
    except ImportError:
        raise InputError(
            "is no table, and datasets is not installed", file=path, mend="give .parquet, .jsonl or .csv"
        ) from None
    except (OSError, ValueError) as error:
        first = str(error).strip().splitlines()[0]
        raise InputError(f"the data set cannot be read ({first})", file=path, mend="check its name and split") from None
