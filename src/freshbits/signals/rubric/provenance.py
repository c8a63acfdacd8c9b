"""Where a judge's verdicts come from, worked out from what is declared of it; nothing is taken for external unsaid."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

LEARNED = ("people", "student")


def origin(
    *, is_student: bool, trained_on: Collection[str] = (), frozen: bool = True, written_by: str | None = None
) -> str:
    """Returns the origin of verdicts that a model gives on criteria.

    Args:
        is_student: whether the model that judges is the one that wrote the completions.
        trained_on: what it learned from: `people` (people's labels, or other data this student had no part in),
            `student` (this student's completions, votes or scores), or both; empty where nobody says.
        frozen: whether it stays as it is; if not, it is trained again on the student's completions.
        written_by: who wrote the criteria.

    >>> origin(is_student=False), origin(is_student=False, trained_on=["people"], written_by="people")
    ('unknown', 'external')
    >>> origin(is_student=True, written_by="people"), origin(is_student=False, trained_on=["student"])
    ('own_state', 'own_state')
    """
    learned = set(trained_on)
    if is_student or learned == {"student"}:
        return "own_state"
    if not frozen:
        return "drifting"
    return "external" if learned == {"people"} and written_by == "people" else "unknown"


def same_model(one: str, other: str) -> bool:
    """Tells whether two names can be one model: a path, a hub's name and a served name end alike.

    >>> same_model("Qwen/Qwen3-0.6B", "/models/qwen3-0.6b/"), same_model("a/judge", "a/student")
    (True, False)
    """
    ends = [name.replace("\\\\", "/").rstrip("/").rpartition("/")[2].casefold() for name in (one, other)]
    return ends[0] == ends[1] != ""
