"""Whether what completions state agrees with the reference answers: the part that text verifiers share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.signals.signal import Verdict
from freshbits.signals.stated import MOST_STATED, quoted, references

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from freshbits.signals.signal import Item
    from freshbits.signals.stated import Read, Stated

    Gold = Callable[[Sequence[str | None]], Sequence[str | Verdict]]

NO_REFERENCE = Verdict(None, "the row has no reference answer")
SEVERAL = ("refuse", "last")


def agreement(
    items: Sequence[Item],
    read: Read,
    right: Callable[[str, str], bool],
    several: str,
    gold: Gold | None = None,
) -> list[Verdict]:
    """Scores 1 where every answer that a completion states is right, else 0.

    Args:
        items: the batch.
        read: completions -> what each states.
        right: (stated, reference) -> whether they are the same answer; may raise on what it cannot compare.
        several: "refuse": each stated answer must be right; "last": only the last counts.
        gold: reference answers -> the reference to compare with, or the verdict where there is none that can be used.
            Default: `referred`.

    Returns:
        One verdict per item, in order. A fault of `right` leaves its own item unscored and no other.

    >>> from freshbits.signals.signal import Item
    >>> from freshbits.signals.stated import reader
    >>> agreement([Item("", "4", "4"), Item("", "5", "4"), Item("", "5")], reader("whole"), str.__eq__, "refuse")
    [Verdict(score=1.0, evidence="read '4'"), Verdict(score=0.0, evidence="expected '4', read '5'"), \
Verdict(score=None, evidence='the row has no reference answer')]
    """
    verdicts = []
    golds = (gold or referred)([item.answer for item in items])
    for expected, stated in zip(golds, read([item.completion for item in items]), strict=True):
        if isinstance(expected, Verdict):
            verdicts.append(expected)
            continue
        counted = counting(stated, several)
        if isinstance(counted, Verdict):
            verdicts.append(counted)
            continue
        try:
            verdicts.append(verdict(expected, counted, [right(each, expected) for each in counted]))
        except Exception as fault:  # whatever one text does to a comparison stays with its item
            verdicts.append(Verdict(None, f"the comparison failed: {type(fault).__name__}"))
    return verdicts


def referred(answers: Sequence[str | None]) -> list[str | Verdict]:
    """Returns the reference that each answer marks or is; `NO_REFERENCE` where there is none.

    >>> referred(["42", None])[0]
    '42'
    """
    return [NO_REFERENCE if one is None else one for one in references(answers)]


def counting(stated: Stated, several: str) -> Stated | Verdict:
    """Returns the stated answers that count, or the verdict where none can be right.

    >>> counting(("4", "5"), "last"), counting((), "last").evidence
    (('5',), 'states no answer in this form')
    """
    if not stated:
        return Verdict(0.0, "states no answer in this form")
    if several == "last":
        return stated[-1:]
    if len(stated) > MOST_STATED:
        return Verdict(0.0, f"states {len(stated)} different answers")
    return stated


def verdict(expected: str, counted: Stated, right: Sequence[bool]) -> Verdict:
    """Returns the verdict on what was stated, given which of it is right.

    >>> verdict("4", ("4", "5"), [True, False]).evidence
    "states 2 different answers, '5' among them; expected '4'"
    """
    if all(right):
        return Verdict(1.0, f"read {quoted(counted[-1])}")
    if any(right):
        wrong = next(each for each, ok in zip(counted, right, strict=True) if not ok)
        return Verdict(
            0.0, f"states {len(counted)} different answers, {quoted(wrong)} among them; expected {quoted(expected)}"
        )
    return Verdict(0.0, f"expected {quoted(expected)}, read {quoted(counted[-1])}")
