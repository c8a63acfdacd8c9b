"""The verifier `choice`: the letter of a multiple choice, in the usual shapes, and exactly one of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from freshbits.errors import InputError
from freshbits.signals.agreement import NO_REFERENCE, SEVERAL, agreement
from freshbits.signals.options import key_of, known, one_of
from freshbits.signals.signal import Verdict
from freshbits.signals.stated import chosen, conclusion, quoted, reader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freshbits.signals.signal import Item
    from freshbits.signals.stated import Stated

_LOOKED_AT = 20_000  # characters at the end of a conclusion
_OPEN = r"[(\[{*_`$\s]*(?:\\(?:text|textbf|mathrm|mathbf)\{)?\(?"
_MORE = r"(?:[)\]}*_`\s]*(?:,|/|;|&|\band\b|\bor\b)+[\s(\[*]*(?:\bor\b|\band\b)?[\s(\[*]*(?-i:[{L}])\b(?!['’]))*"


@dataclass(frozen=True)
class Choice:
    r"""Accepts a completion that chooses the reference's letter, and no other.

    The letter is looked for in this order, and the first place that has one counts: in marks (`\boxed{B}`, "#### B",
    <answer>(B)</answer>); after "answer", "answer is", "correct option is" and the like; alone ("B", "(B)", "**B.**"),
    or at the head of one line ("B) Paris"), or alone on the last line. Where that place names several different
    letters ("A or B", two boxes) the completion has not chosen and scores 0. Letters are capital, except in marks, in
    brackets and where they stand alone. The capital "A" before a word is taken for the article.

    The reference decides where the verdict comes from: answers written by the student make it own_state; declare that
    with --origin.

    Attributes:
        read: `auto` for the order above, or one form (`stated.FORMS`) whose text then must be a letter.
        several: what several different letters mean: "refuse" or "last".
        letters: the letters that can be chosen.

    >>> from freshbits.signals.signal import Item
    >>> texts = ["The answer is (B).", "b", "A or B", "It cannot be A. Answer: B", "\\boxed{A} \\boxed{B}"]
    >>> [v.score for v in Choice().score([Item("", text, "B") for text in texts])]
    [1.0, 1.0, 0.0, 1.0, 0.0]
    """

    read: str = "auto"
    several: str = "refuse"
    letters: str = "ABCDE"

    name: ClassVar[str] = "choice"
    origin: ClassVar[str] = "external"
    needs: ClassVar[tuple[str, ...]] = ("answer",)
    whole_groups: ClassVar[bool] = False

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> Self:
        """Makes the verifier from `--option key=value`.

        Raises:
            InputError: an unknown option or value.
        """
        known(cls.name, options, ("read", "several", "letters"))
        letters = options.get("letters", cls.letters)
        if not re.fullmatch(r"[A-Z]{2,26}", letters) or len(set(letters)) < len(letters):
            raise InputError(
                f"--option letters={letters} are not two or more different capital letters",
                mend="write it like --option letters=ABCD",
            )
        return cls(chosen(options, cls.read), one_of(options, "several", SEVERAL, cls.several), letters)

    @property
    def key(self) -> str:
        """Everything besides the item that a verdict depends on."""
        return key_of(self)

    def score(self, items: Sequence[Item]) -> list[Verdict]:
        """Scores a batch: one verdict per item, in order."""
        return agreement(items, self._stated, str.__eq__, self.several, self._golds)

    def _golds(self, answers: Sequence[str | None]) -> list[str | Verdict]:
        found: list[str | Verdict] = []
        for answer in answers:
            named = [] if answer is None else named_alone(answer, self.letters)
            if answer is None or not answer.strip():
                found.append(NO_REFERENCE)
            elif len(set(named)) == 1:
                found.append(named[0])
            else:
                found.append(Verdict(None, f"the reference {quoted(answer)} names no letter of {self.letters}"))
        return found

    def _stated(self, texts: Sequence[str]) -> list[Stated]:
        if self.read != "auto":
            return [self._letters(stated) for stated in reader(self.read)(texts)]
        found: list[Stated] = [()] * len(texts)
        for marked in _MARKS:
            for at, stated in enumerate(reader(marked)(texts)):
                found[at] = found[at] or self._letters(stated)
        for at, text in enumerate(texts):
            if not found[at]:
                end = conclusion(text)[-_LOOKED_AT:]
                found[at] = _distinct(after_answer(end, self.letters) or alone(end, self.letters))
        return found

    def _letters(self, stated: Stated) -> Stated:
        return _distinct([letter for one in stated for letter in named_alone(one, self.letters)])


_MARKS = ("boxed", "tag", "hash")


def named_alone(text: str, letters: str) -> list[str]:
    r"""Returns the letters that a short text names at its head: one for a choice, several where it lists them.

    >>> named_alone("(b)", "ABCD"), named_alone(r"\text{B}", "ABCD"), named_alone("B. Paris", "ABCD")
    (['B'], ['B'], ['B'])
    >>> named_alone("A and C", "ABCD"), named_alone("Because", "ABCD"), named_alone("F", "ABCD")
    (['A', 'C'], [], [])
    """
    head = text.strip()[:200]
    bare = re.sub(r"\\(?:text|textbf|mathrm|mathbf|boxed)|[\s(){}\[\]*_`$.:\"']", "", head)
    if len(bare) == 1:
        return [bare.upper()] if bare.upper() in letters else []
    more = _MORE.replace("{L}", letters)
    listed = re.match(
        rf"(?:(?:option|choice|answer)\s*:?\s*)?{_OPEN}([{letters}])\b(?!['’]){more}", head, re.IGNORECASE
    )
    if listed is None or not listed.group(1).isupper():
        return []
    rest = head[listed.end() :]
    several = re.findall(rf"\b[{letters}]\b", head[: listed.end()])
    if len(several) > 1 or re.match(r"[)\]}*_`\s]*(?:[).:\]},*]|-\s|–|—|$)", rest):
        return several
    return []


def after_answer(text: str, letters: str) -> list[str]:
    """Returns the letters that the text names after "answer", "answer is", "correct option is" and the like.

    >>> after_answer("It is not A. The correct choice is C. Answer: A good one.", "ABCD")
    ['C']
    """
    text = re.sub(rf"\(([{letters.lower()}])\)", lambda bracketed: bracketed.group(0).upper(), text)
    more = _MORE.replace("{L}", letters)
    lead = r"(?i:\banswer|\bcorrect\s+(?:choice|option|letter|one))(?i:\s+(?:choice|option|letter))?"
    found = []
    verb = r"[\s:*_=]{0,6}(?i:is|would be|must be)?[\s:*_]{0,6}(?i:option|choice)?"
    pattern = rf"{lead}{verb}{_OPEN}([{letters}])\b(?!['’])"
    for match in re.finditer(pattern + f"(?i:{more})", text):
        tail = text[match.end(1) :]
        if match.group(1) == "A" and match.end() == match.end(1) and re.match(r" (?!because|since|as\b)[a-z]", tail):
            continue  # "the answer is A dog"
        found += re.findall(rf"\b[{letters}]\b", text[match.start(1) : match.end()])
    return found


def alone(text: str, letters: str) -> list[str]:
    r"""Returns the letters that stand alone on a line; where none does, the one at the head of the last line.

    A list of the choices ("A) …", "B) …") heads its lines with different letters, and then names them all.

    >>> alone("(B)", "ABCD"), alone("B) Paris", "ABCD"), alone("Let me see.\n\n**C**", "ABCD"), alone("A dog", "ABCD")
    (['B'], ['B'], ['C'], [])
    >>> alone("A) x\nB) y", "ABCD")
    ['A', 'B']
    """
    lines = [line for line in text.strip().splitlines() if line.strip()]
    named = [(line, found) for line in lines if (found := named_alone(line, letters))]
    if not named or named[-1][0] != lines[-1]:
        return []
    only = [found for line, found in named if not re.search(r"\w.*\w", line)]
    return [letter for found in only or [found for _, found in named] for letter in found]


def _distinct(found: list[str]) -> Stated:
    return tuple(reversed(dict.fromkeys(reversed(found))))
