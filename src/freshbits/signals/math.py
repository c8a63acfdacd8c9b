r"""The verifier `math`: mathematical equivalence by math-verify, in a process that can be killed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from freshbits.signals.agreement import SEVERAL, counting, referred, verdict
from freshbits.signals.options import key_of, known, number, one_of, require
from freshbits.signals.signal import Verdict
from freshbits.signals.stated import chosen, quoted, reader
from freshbits.signals.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freshbits.signals.signal import Item
    from freshbits.signals.stated import Stated

_DENYING = {"not", "no", "or", "never", "neither", "nor", "isn", "wrong", "incorrect", "unless"}
LONGEST = 1000
"""Characters of a stated answer; more is no answer, and only tires the parser."""


@dataclass(frozen=True)
class Math:
    r"""Accepts a completion whose answer math-verify finds equivalent to the reference.

    Each stated answer is parsed by itself and compared as `verify(reference, answer)`: the order matters, the
    reference comes first. (Given a whole completion, math-verify compares all that it finds in it with the reference
    and accepts any match, so a list of guesses would do.) sympy can hang; it runs in a process that is killed after
    `seconds`, and the completion is then unscored. An answer of more than 1,000 characters is wrong.

    Known of math-verify 0.9. It accepts what is not worked out ("41+1", "6*7=42" for "42"), a percentage for both its
    readings ("50\%" for "50" and for "0.5"), lists in any order ("2,1" for "1,2"), an equation for its right side
    ("x=5" for "5"), six right decimals for a root, and words in any case. It misses mixed numbers in plain text
    ("1 1/2"), numbers in words, and "x>5" for an interval (the other way round it accepts). sympy may also fail to see
    that two forms are equal. Text in words is read as math-verify finds numbers in text, unless it denies or lists
    ("not", "or"), which is no answer.

    The reference decides where the verdict comes from: answers written by the student make it own_state; declare that
    with --origin.

    Attributes:
        read: how the answer is read from the completion (`stated.FORMS`); `auto` ends with the last line.
        several: what several marked answers in one completion mean: "refuse" (each must be right) or "last".
        seconds: the longest that one completion may take.

    >>> from freshbits.signals.signal import Item
    >>> [v.score for v in Math().score([Item("", r"\boxed{\frac{2}{4}}", "0.5"), Item("", r"\boxed{2}", "0.5")])]
    [1.0, 0.0]
    """

    read: str = "auto"
    several: str = "refuse"
    seconds: float = 5.0
    worker: Worker = field(init=False, repr=False, compare=False)

    name: ClassVar[str] = "math"
    origin: ClassVar[str] = "external"
    needs: ClassVar[tuple[str, ...]] = ("answer",)
    whole_groups: ClassVar[bool] = False

    def __post_init__(self) -> None:
        # The setup makes a new process import sympy before the time of an answer runs.
        object.__setattr__(self, "worker", Worker("freshbits.signals.math:equivalent", self.seconds, ["1", ["1"]]))

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> Self:
        """Makes the verifier from `--option key=value`.

        Raises:
            InputError: a package is missing, an unknown option or value.
        """
        require(cls.name, "math_verify")
        known(cls.name, options, ("read", "several", "seconds"))
        return cls(
            chosen(options, cls.read),
            one_of(options, "several", SEVERAL, cls.several),
            number(options, "seconds", cls.seconds, positive=True),
        )

    @property
    def key(self) -> str:
        """Everything besides the item that a verdict depends on."""
        from importlib.metadata import version

        return key_of(self, *(f"{name} {version(name)}" for name in ("math-verify", "sympy")))

    def score(self, items: Sequence[Item]) -> list[Verdict]:
        """Scores a batch: one verdict per item, in order."""
        golds = referred([item.answer for item in items])
        stated = reader(self.read, "tail")([item.completion for item in items])
        ready = [self._ready(gold, found) for gold, found in zip(golds, stated, strict=True)]
        outcomes = iter(self.worker.run([list(each) for each in ready if not isinstance(each, Verdict)]))
        verdicts = []
        for each in ready:
            if isinstance(each, Verdict):
                verdicts.append(each)
                continue
            outcome = next(outcomes)
            if outcome.fault:
                verdicts.append(Verdict(None, f"math-verify {outcome.fault}"))
            elif outcome.value is None:
                verdicts.append(Verdict(None, f"math-verify cannot read the reference {quoted(each[0])}"))
            else:
                verdicts.append(verdict(each[0], each[1], outcome.value))
        return verdicts

    def _ready(self, gold: str | Verdict, stated: Stated) -> tuple[str, Stated] | Verdict:
        if isinstance(gold, Verdict):
            return gold
        counted = counting(stated, self.several)
        if isinstance(counted, Verdict):
            return counted
        if any(len(one) > LONGEST for one in counted):
            return Verdict(0.0, f"states an answer of more than {LONGEST} characters")
        return gold, counted


def equivalent(given: list[Any]) -> list[bool] | None:
    r"""Compares stated answers with a reference: the function that the killable process runs.

    Args:
        given: [reference, [stated, …]].

    Returns:
        Which of them are equivalent to the reference; None where the reference cannot be parsed.

    >>> equivalent(["1/2", ["0.5", "\\frac{1}{2}", "2", "hello"]])
    [True, True, False, False]
    """
    import logging

    from math_verify import verify

    logging.disable(logging.CRITICAL)
    gold = _parsed(given[0])
    if not gold:
        return None
    return [bool(verify(gold, found, timeout_seconds=None)) if (found := _parsed(one)) else False for one in given[1]]


def _parsed(text: str) -> list[Any]:
    """Parses one answer: words as math-verify finds mathematics in text, the rest as LaTeX of its own."""
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse

    text = text.rsplit(": ", 1)[-1].strip()
    words = {word.lower() for word in re.findall(r"(?<![\\A-Za-z])[A-Za-z]{2,}", text)}
    if words & _DENYING:
        return [text]
    marked = any(mark in text for mark in ("$", "\\(", "\\[", "\\boxed"))
    forms = (text,) if marked or len(words) > 1 else (f"\\boxed{{{text}}}", text)
    for form in forms:
        configs = [LatexExtractionConfig(), ExprExtractionConfig()]
        found = [one for one in parse(form, configs, parsing_timeout=None) if not isinstance(one, str)]
        if found:
            return found
    return [text] if text else []
