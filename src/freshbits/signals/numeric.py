"""The verifier `numeric`: numbers compared as exact rationals, within a tolerance that is declared."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar, Self

from freshbits.signals.agreement import SEVERAL, agreement, referred
from freshbits.signals.options import key_of, known, number, one_of
from freshbits.signals.signal import Verdict
from freshbits.signals.stated import chosen, quoted, reader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freshbits.signals.signal import Item
    from freshbits.signals.stated import Stated

MOST_DIGITS = 400  # of a number and of its exponent's value: more is no answer but an attack on the arithmetic
MOST_TEXT = 300
_PLAIN = r"(?:\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+|\d+)(?:\.\d*)?|\.\d+"
_CURRENCY = r"(?:\\?[$€£¥₹]|US\\?\$|USD|EUR|GBP)?"
_LEAD = r"(?:(?:exactly|about|approximately|roughly|around)\s+)?(?:[A-Za-z](?:_\w)?\s*=\s*)?[=≈~]?\s*"
_WORD = r"[^\W\d_]+(?:/[^\W\d_]+)?(?:\^?\{?[23]\}?)?"
_UNIT = rf"(?:\s*(?:%|°|[$€£¥₹]))?(?:\s*{_WORD}(?:\s+{_WORD}){{0,3}})?"
_NUMBER = re.compile(
    rf"^{_LEAD}(?P<sign>[-+]?)\s*{_CURRENCY}\s*(?P<sign2>[-+]?)\s*(?:"
    rf"(?:(?P<whole>\d+)\s+|(?P<tight>\d+)(?=\\))?(?:(?P<up>{_PLAIN})\s*/\s*(?P<down>{_PLAIN})|"
    rf"\\[dt]?frac\s*(?:\{{(?P<up2>[-+]?(?:{_PLAIN}))\}}\{{(?P<down2>{_PLAIN})\}}|(?P<up3>\d)(?P<down3>\d)))|"
    rf"(?P<plain>{_PLAIN})(?:[eE](?P<e>[-+]?\d+)|\s*(?:[×x*]|\\times|\\cdot)\s*10\s*(?:\^|\*\*)\s*"
    rf"(?:\{{(?P<ten>[-+]?\d+)\}}|\(?(?P<ten2>[-+]?\d+)\)?))?"
    rf")(?P<unit>{_UNIT})$"
)
_DRESS = re.compile(r"\\(?:text|textbf|mathrm|mathbf|mbox|operatorname)\s*\{([^{}]*)\}|\\(?:left|right)\b")
_NO_UNIT = {"not", "or", "and", "is", "isn", "was", "wrong", "incorrect", "false", "no", "to", "but", "than", "never"}


def parse_number(text: str) -> Fraction | None:
    r"""Returns the one number that a stated answer is; None where it is none, or more than one.

    Read are signs, thousands separators (groups of three by comma, or by the spaces used for it), decimals, "3/4",
    "1 3/4", `\frac{3}{4}`, "1.2e3", "1.2 × 10^3"; a currency or "x =" before it, and a unit of up to four words
    behind. A percent sign is dropped as a unit is: "50%" is 50, not 0.5. "1,23" and "1.234,5" are not read, because
    they mean different numbers in different places. "not 42" and "42 or 43" are no number.

    >>> [str(parse_number(t)) for t in ("$1,234.50", "1 3/4", r"\frac{3}{4}", "1.2e3", "-7 apples", "not 7", "1,23")]
    ['2469/2', '7/4', '3/4', '1200', '-7', 'None', 'None']
    """
    if len(text) > MOST_TEXT or not text.isprintable():
        return None
    plain = re.sub(r"[\u00a0\u2009\u202f]", " ", text.strip().strip("$").replace("{,}", ",").replace("\\,", ""))
    plain = _DRESS.sub(lambda m: f" {m.group(1) or ''}", plain).replace("\\%", "%").replace("^\\circ", "°")
    plain = re.sub(r"(?<=\d)[²³¹⁰⁴-⁹]", "^", plain)  # a power, and no number that is read here
    plain = "".join(f" {c}" if unicodedata.decomposition(c).startswith("<fraction>") else c for c in plain)
    plain = unicodedata.normalize("NFKC", plain).replace("\u2212", "-").replace("\u2044", "/").strip()
    # Digits of other scripts match \d but are not what Fraction should meet.
    plain = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in plain)
    found = _NUMBER.match(plain)
    if found is None or _NO_UNIT & set(re.findall(r"[a-z]+", found["unit"].lower())):
        return None
    part = found.groupdict()
    if part["sign"] and part["sign2"]:
        return None
    sign = -1 if "-" in (part["sign"] or "") + (part["sign2"] or "") else 1
    if part["plain"] is not None:
        exponent = next((part[k] for k in ("e", "ten", "ten2") if part[k]), "0")
        value = _decimal(part["plain"])
        if value is None or len(exponent) > 4 or abs(int(exponent)) > MOST_DIGITS:
            return None
        return sign * value * Fraction(10) ** int(exponent)
    up = _decimal(next(part[k] for k in ("up", "up2", "up3") if part[k]))
    down = _decimal(next(part[k] for k in ("down", "down2", "down3") if part[k]))
    whole = _decimal(part["whole"] or part["tight"] or "0")
    if up is None or whole is None or not down:
        return None
    return sign * (whole + up / down)


def _decimal(digits: str) -> Fraction | None:
    bare = digits.replace(",", "").replace(" ", "").rstrip(".")
    if len(bare) > MOST_DIGITS or not bare.lstrip("+-"):
        return None
    return Fraction(bare)


@dataclass(frozen=True)
class Numeric:
    r"""Accepts a completion whose number x is the reference's g: |x − g| ≤ max(tolerance, relative · |g|).

    Numbers are compared as exact rationals, so a tolerance of 0 is exact: 0.5 is 1/2, 0.333 is not 1/3. Where `auto`
    finds no mark and no "answer is" it reads the last line, where that is one number, else the last number of the
    conclusion, so prose such as "it is not 42" states
    42; a stricter `read=boxed` or `read=hash` does not. The reference decides where the verdict comes from: answers
    written by the student make it own_state; declare that with --origin.

    Attributes:
        read: how the answer is read from the completion (`stated.FORMS`).
        several: what several marked answers in one completion mean: "refuse" (each must be right) or "last".
        tolerance: absolute tolerance, in the answer's unit.
        relative: tolerance relative to the reference.

    >>> from freshbits.signals.signal import Item
    >>> [v.score for v in Numeric().score([Item("", "so $1,200 in all.", "1200"), Item("", "\\boxed{1201}", "1200")])]
    [1.0, 0.0]
    """

    read: str = "auto"
    several: str = "refuse"
    tolerance: float = 0.0
    relative: float = 0.0

    name: ClassVar[str] = "numeric"
    origin: ClassVar[str] = "external"
    needs: ClassVar[tuple[str, ...]] = ("answer",)
    whole_groups: ClassVar[bool] = False

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> Self:
        """Makes the verifier from `--option key=value`.

        Raises:
            InputError: an unknown option or value.
        """
        known(cls.name, options, ("read", "several", "tolerance", "relative"))
        return cls(
            chosen(options, cls.read),
            one_of(options, "several", SEVERAL, cls.several),
            number(options, "tolerance", cls.tolerance),
            number(options, "relative", cls.relative),
        )

    @property
    def key(self) -> str:
        """Everything besides the item that a verdict depends on."""
        return key_of(self)

    def score(self, items: Sequence[Item]) -> list[Verdict]:
        """Scores a batch: one verdict per item, in order."""
        return agreement(items, reader(self.read, _last_number), self._right, self.several, _numbers)

    def _right(self, stated: str, expected: str) -> bool:
        one, gold = parse_number(stated), parse_number(expected)
        if one is None or gold is None:
            return False
        return abs(one - gold) <= max(Fraction(self.tolerance), Fraction(self.relative) * abs(gold))


def _last_number(texts: Sequence[str]) -> list[Stated]:
    """Reads the last line where it is one number however written, else the last plain number."""
    plain = reader("last_number")([text.replace("\u2212", "-") for text in texts])
    lines = reader("tail")(texts)
    return [
        line if line and parse_number(line[0]) is not None else last for line, last in zip(lines, plain, strict=True)
    ]


def _numbers(answers: Sequence[str | None]) -> list[str | Verdict]:
    return [
        one
        if isinstance(one, Verdict) or parse_number(one) is not None
        else Verdict(None, f"the reference {quoted(one)} is no number")
        for one in referred(answers)
    ]
