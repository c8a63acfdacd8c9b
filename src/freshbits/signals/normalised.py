"""The verifier `normalised`: equality after case, white space, punctuation, articles and Unicode forms are gone."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from freshbits.signals.agreement import SEVERAL, agreement
from freshbits.signals.options import key_of, known, one_of
from freshbits.signals.stated import chosen, reader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freshbits.signals.signal import Item, Verdict

LONGEST = 10_000
"""Characters beyond four times the reference that an answer may have before it is taken for a flood."""
_ARTICLES = {"a", "an", "the"}
_KEPT = re.compile(r"(?<=\d)[.,:/](?=\d)|(?:(?<=\s)|^)[-+](?=\.?\d)|(?:(?<=\s)|^)-?\.(?=\d)")


def normal(text: str, *, articles: bool = True) -> str:
    """Returns the text in normal form, by these steps in this order.

    1. Unicode NFKC (full-width letters, ligatures, superscripts); minus signs become "-"; format characters such as
       the zero-width space go. Letters of other scripts that look alike stay what they are, accents stay.
    2. Case is folded.
    3. Punctuation goes: apostrophes leave nothing, the rest leaves a space. What is part of a number stays: a sign
       before it, and ".", ",", ":", "/" between digits. Symbols ("+", "$", "=", "°") stay.
    4. The English articles a, an, the go, unless nothing else is left.
    5. White space is one space, none at the ends.

    >>> normal("  The “Eiffel  Tower”! "), normal("-3.5"), normal("3.5"), normal("C++"), normal("A")
    ('eiffel tower', '-3.5', '3.5', 'c++', 'a')
    """
    plain = unicodedata.normalize("NFKC", text).replace("\u2212", "-")
    plain = "".join(c for c in plain if unicodedata.category(c) != "Cf").casefold()
    kept = {at for match in _KEPT.finditer(plain) for at in range(match.start(), match.end())}
    spaced = "".join(
        c if at in kept or not unicodedata.category(c).startswith("P") else "" if c in "'’‘`" else " "
        for at, c in enumerate(plain)
    )
    words = spaced.split()
    if articles:
        words = [word for word in words if word not in _ARTICLES] or words
    return " ".join(words)


@dataclass(frozen=True)
class Normalised:
    r"""Accepts a completion whose answer equals the reference in normal form (`normal` says what that is).

    It does not know numbers ("1,000" is not "1000": use `numeric`) nor synonyms. The reference decides where the
    verdict comes from: answers written by the student make it own_state; declare that with --origin.

    Attributes:
        read: how the answer is read from the completion (`stated.FORMS`); `auto` ends with the whole text.
        several: what several marked answers in one completion mean: "refuse" (each must be right) or "last".
        articles: "drop" or "keep" the articles a, an, the.

    >>> from freshbits.signals.signal import Item
    >>> [v.score for v in Normalised().score([Item("", "The answer is: the  PARIS.", "Paris")])]
    [1.0]
    """

    read: str = "auto"
    several: str = "refuse"
    articles: str = "drop"

    name: ClassVar[str] = "normalised"
    origin: ClassVar[str] = "external"
    needs: ClassVar[tuple[str, ...]] = ("answer",)
    whole_groups: ClassVar[bool] = False

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> Self:
        """Makes the verifier from `--option key=value`.

        Raises:
            InputError: an unknown option or value.
        """
        known(cls.name, options, ("read", "several", "articles"))
        return cls(
            chosen(options, cls.read),
            one_of(options, "several", SEVERAL, cls.several),
            one_of(options, "articles", ("drop", "keep"), cls.articles),
        )

    @property
    def key(self) -> str:
        """Everything besides the item that a verdict depends on."""
        return key_of(self, unicodedata.unidata_version)

    def score(self, items: Sequence[Item]) -> list[Verdict]:
        """Scores a batch: one verdict per item, in order."""
        articles = self.articles == "drop"

        def right(stated: str, expected: str) -> bool:
            if len(stated) > LONGEST + 4 * len(expected):
                return False
            one = normal(stated, articles=articles)
            return one != "" and one == normal(expected, articles=articles)

        return agreement(items, reader(self.read), right, self.several)
