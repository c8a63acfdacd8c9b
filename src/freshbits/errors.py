"""What can go wrong, in one vocabulary.

Three things look alike to a user and are kept apart here.

*Bad input* is an `InputError`: the log, the flags or the labels cannot be used as they are. The person can mend
it, so the message is one sentence that says where (file, row, column), what was found, and what to do. The command
line prints that sentence and exits with code 2; nothing is half written.

*Bad rows* are data, not errors. A reward that is NaN, a completion that is not UTF-8, an episode whose environment
failed: the row is kept as *unscored* (None, never 0) or mended, counted, and named in the report with its first
place. They live in `rollouts.problems`, not here.

*Not knowing* is an answer, not an error. A section that cannot be judged says so with a stable code (`NO_GROUPS`,
`OPEN_NO_TRUTH`, …), a reason in words and, where one exists, the command that would let it be judged. It lives in
`results.Section`.

Everything else is a bug in freshbits and is allowed to look like one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


class FreshbitsError(Exception):
    """Any error that freshbits raises on purpose."""


class InputError(FreshbitsError):
    """Says in one sentence what is wrong with an input, where, and how to mend it.

    Args:
        problem: what was found, without a full stop ("the reward is text, not a number").
        file: the file it was found in.
        row: 1-based row (line, for text formats) inside that file.
        column: the column, or a path such as `rewards.accuracy`.
        mend: what to do about it, as an imperative ("pass --signal NAME").

    >>> print(InputError("the reward is 'good', not a number", file="log.csv", row=3, column="reward",
    ...                  mend="map it with --map"))
    log.csv, row 3, column 'reward': the reward is 'good', not a number; map it with --map.
    """

    def __init__(
        self,
        problem: str,
        *,
        file: str | Path | None = None,
        row: int | None = None,
        column: str | None = None,
        mend: str | None = None,
    ) -> None:
        self.problem = problem
        self.file = str(file) if file is not None else None
        self.row = row
        self.column = column
        self.mend = mend
        place = [part for part in (self.file, f"row {row}" if row is not None else None) if part]
        if column is not None:
            place.append(f"column {column!r}")
        sentence = (", ".join(place) + ": " if place else "") + problem + (f"; {mend}" if mend else "")
        super().__init__(" ".join(sentence.split()) + ".")

    def __reduce__(self) -> tuple[Any, ...]:
        """Says how to make it again in another process: its sentence as it is, not composed anew."""
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[InputError], words: tuple[str, ...], held: dict[str, Any]) -> InputError:
    error = kind.__new__(kind, *words)
    error.args = words
    error.__dict__.update(held)
    return error


class OutOfRegimeError(FreshbitsError):
    """Says that a formula was asked outside the assumptions it was derived and tested under."""
