"""The verifier `exact`: what the completion states equals the reference, character by character."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from freshbits.signals.agreement import NO_REFERENCE, SEVERAL, agreement
from freshbits.signals.options import key_of, known, one_of
from freshbits.signals.stated import chosen, reader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freshbits.signals.signal import Item, Verdict


@dataclass(frozen=True)
class Exact:
    r"""Accepts a completion whose answer equals the reference exactly; white space around both does not count.

    The reference decides where the verdict comes from: `external` holds where a person or another source wrote it.
    Answers written by the student make it own_state; declare that with --origin.

    Attributes:
        read: how the answer is read from the completion (`stated.FORMS`). Unless it is `whole`, emphasis marks and a
            full stop around the answer do not count, and the reference is read out of a worked solution.
        several: what several marked answers in one completion mean: "refuse" (each must be right) or "last".

    >>> from freshbits.signals.signal import Item
    >>> [v.score for v in Exact("boxed").score([Item("", "so \\boxed{4}", "4"), Item("", "\\boxed{4.0}", "4")])]
    [1.0, 0.0]
    """

    read: str = "whole"
    several: str = "refuse"

    name: ClassVar[str] = "exact"
    origin: ClassVar[str] = "external"
    needs: ClassVar[tuple[str, ...]] = ("answer",)
    whole_groups: ClassVar[bool] = False

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> Self:
        """Makes the verifier from `--option key=value`.

        Raises:
            InputError: an unknown option or value.
        """
        known(cls.name, options, ("read", "several"))
        return cls(chosen(options, cls.read), one_of(options, "several", SEVERAL, cls.several))

    @property
    def key(self) -> str:
        """Everything besides the item that a verdict depends on."""
        return key_of(self)

    def score(self, items: Sequence[Item]) -> list[Verdict]:
        """Scores a batch: one verdict per item, in order."""
        if self.read == "whole":
            return agreement(items, reader("whole"), str.__eq__, self.several, _whole)
        return agreement(items, reader(self.read), str.__eq__, self.several)


def _whole(answers: Sequence[str | None]) -> list[str | Verdict]:
    return [(answer or "").strip() or NO_REFERENCE for answer in answers]
