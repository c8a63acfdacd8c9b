r"""Where a completion states its answer: expressions that read it, and know nothing of any signal.

Each takes a text column and gives the answer as written, or null where the completion does not state one in
that form. Where a form occurs more than once the last counts, because a completion that corrects itself does
so later.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from freshbits.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

_NUMBER = r"[-+]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)"
_PHRASE = r"(?i)answer[*_\s]*(?:is|:|=)"
_CHOICE = "[A-HJ]"  # no I: it is a word


def _braces(depth: int) -> str:
    inner = r"[^{}]"
    for _ in range(depth):
        inner = rf"(?:[^{{}}]|\{{{inner}*\}})"
    return rf"\{{{inner}*\}}"


_BOX = rf"\\boxed\s*{_braces(5)}"


def _last(text: pl.Expr, pattern: str) -> pl.Expr:
    return text.str.extract_all(pattern).list.last()


def boxed(text: pl.Expr) -> pl.Expr:
    r"""Reads the content of the last \boxed{…} whose braces balance, nested up to six deep.

    >>> pl.select(boxed(pl.lit(r"\boxed{1}, no: \boxed{\frac{1}{2}}"))).item()
    '\\frac{1}{2}'
    """
    return _last(text, _BOX).str.extract(r"(?s)^\\boxed\s*\{(.*)\}$")


def hashes(text: pl.Expr) -> pl.Expr:
    """Reads what follows the last "####" on its line.

    >>> pl.select(hashes(pl.lit("so 6 * 7\\n#### 42\\n"))).item()
    '42'
    """
    return _last(text, r"####[^\n#]+").str.extract(r"^####\s*(\S.*)$")


def answer_tag(text: pl.Expr) -> pl.Expr:
    """Reads the content of the last <answer>…</answer>.

    >>> pl.select(answer_tag(pl.lit("<think>6*7</think><answer> 42 </answer>"))).item()
    '42'
    """
    return _last(text, r"(?is)<answer>.*?</answer>").str.extract(r"(?is)^<answer>\s*(.*?)\s*</answer>$")


def answer_phrase(text: pl.Expr) -> pl.Expr:
    """Reads what follows the last "answer is" or "answer:" on its line, up to the sentence's end.

    >>> pl.select(answer_phrase(pl.lit("**Final Answer:** 3.5. I hope it is correct."))).item()
    '3.5'
    """
    stated = _last(text, _PHRASE + r"[:*_\s]*[^\n]+").str.replace(rf"(?s)^.*{_PHRASE}[:*_\s]*", "")
    return stated.str.extract(r"^(.*?)(?:\.(?:\s.*)?)?[*_\s]*$")


def choice(text: pl.Expr) -> pl.Expr:
    """Reads the letter of a multiple choice: after "answer", alone at the start, or alone at the end.

    >>> pl.select(choice(pl.lit("It cannot be A. The answer is (C)."))).item()
    'C'
    """
    stated = rf"(?i:answer)\W{{0,6}}(?i:is|would be)?\W{{0,6}}{_CHOICE}\b"
    return pl.coalesce(
        _last(text, stated).str.tail(1),
        text.str.extract(rf"^\s*[(\[*]*({_CHOICE})(?:[)\].:*]|\s*$)"),
        text.str.tail(32).str.extract(rf"(?:^|[\s(\[*])({_CHOICE})[)\].*]*\s*$"),
    )


def last_number(text: pl.Expr) -> pl.Expr:
    """Reads the last number, with its sign, commas and decimals.

    >>> pl.select(last_number(pl.lit("2 + 2 = 4, times 1,000 is -4,000.0."))).item()
    '-4,000.0'
    """
    # Most completions end near their answer, and searching all of a text costs ten times more than its end.
    # What stands before the first white space of the end may be the rest of a number, so it is left to the
    # full search.
    near = _last(text.str.tail(64).str.extract(r"(?s)\s(.*)$"), _NUMBER)
    return pl.coalesce(near, _last(pl.when(near.is_null()).then(text), _NUMBER))


def json_field(field: str) -> Callable[[pl.Expr], pl.Expr]:
    """Makes a reader of the last JSON field of that name, string or bare value.

    >>> pl.select(json_field("answer")(pl.lit('{"why": "…", "answer": 42}'))).item()
    '42'
    """
    value = r'"(?:[^"\\]|\\.)*"|\[[^\]]*\]|[^\s,}\]]+'
    name = rf'"{re.escape(field)}"\s*:\s*'

    def read(text: pl.Expr) -> pl.Expr:
        return _last(text, name + f"(?:{value})").str.replace(name, "").str.strip_chars('"')

    return read


def pattern(expression: str) -> Callable[[pl.Expr], pl.Expr]:
    """Makes a reader of the last match of a regular expression (Rust syntax): its first group, if it has one.

    Raises:
        InputError: the expression does not compile.

    >>> pl.select(pattern(r"Result=(\\d+)")(pl.lit("Result=1 Result=42"))).item()
    '42'
    """
    try:
        pl.select(pl.lit("").str.extract(expression, 0))
    except pl.exceptions.ComputeError as error:
        raise InputError(f"the regular expression {expression!r} does not compile: {error}") from error
    grouped = re.search(r"(?<!\\)\((?!\?)|\(\?P?<", expression) is not None

    def read(text: pl.Expr) -> pl.Expr:
        found = _last(text, expression)
        return found.str.extract(expression, 1) if grouped else found

    return read
