r"""What answer a completion states: read in one declared form, all of them, from its conclusion only.

*Conclusion.* What follows the last `</think>`; all of the text where nothing is thought aloud. A thought that is
opened and never closed has no conclusion: such a completion states no answer, whatever it holds.

*Several answers.* A mark (`\boxed`, `####`, `<answer>`, a JSON field) says "this is my answer". A completion that
marks several different ones has not answered, so all are returned and a verifier asks that each be right
(`several=refuse`). A model that corrects itself under marks loses by that; `several=last` counts only the last.
Neither pays for a list of guesses. Forms without a mark ("answer is", last number, last line) are prose: there only
the last counts.

The readers are those of `outputs.extract`, whose patterns take time linear in the text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from freshbits.errors import InputError
from freshbits.outputs import extract
from freshbits.rollouts.options import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Stated = tuple[str, ...]
    Read = Callable[[Sequence[str]], list[Stated]]

FORMS = ("auto", "boxed", "hash", "tag", "phrase", "last_number", "choice", "tail", "whole", "json:FIELD", "regex:…")
_BOXED = r"\\boxed"
_HASH = "####"
_TAG = "(?i:<answer>)"
UNMARKED = {"phrase": extract.answer_phrase, "last_number": extract.last_number, "choice": extract.choice}
LONGEST_DRESS = 1000  # characters of an answer whose emphasis is worth undressing
MOST_STATED = 8
"""More different answers than this are a list of guesses, not an answer."""


def reader(form: str, fallback: str | Read = "whole") -> Read:
    r"""Makes the reader of one form: texts in, all answers that each states out, the last one last.

    Args:
        form: one of `FORMS`. `auto` reads boxes and tags together; where there are none, "####"; where there is
            none, "answer is"; else `fallback`, a form or a
            reader of its own.
        fallback: the form that `auto` ends with.

    Raises:
        InputError: no such form, or a pattern that does not compile.

    >>> reader("boxed")(["so \\boxed{4}", "\\boxed{4} or \\boxed{5}", "4"])
    [('4',), ('4', '5'), ()]
    >>> reader("auto", "last_number")(["#### 4", "The answer is 5.", "2 + 2 = 4"])
    [('4',), ('5',), ('4',)]
    """
    if form == "whole":
        return lambda texts: [(clean,) if (clean := _clean(text).strip()) else () for text in texts]
    if form == "auto":
        end = reader(fallback) if isinstance(fallback, str) else fallback
        return _auto(*_marks(), _last(extract.answer_phrase), end)
    if form == "tail":
        return lambda texts: [_tail(conclusion(text)) for text in texts]
    if form == "boxed":
        return _marked(_BOXED, extract.boxed)
    if form == "tag":
        return _marked(_TAG, extract.answer_tag)
    if form == "hash":
        return _marked(_HASH, extract.hashes, _no_headings)
    if form in UNMARKED:
        return _last(UNMARKED[form])
    kind, colon, rest = form.partition(":")
    if colon and rest and kind == "json":
        return _marked(rf'"{re.escape(rest)}"\s*:', extract.json_field(rest))
    if colon and rest and kind == "regex":
        return _last(extract.pattern(rest))
    raise InputError(
        f"--option read={form}: no such form{nearest(form, FORMS)}", mend=f"choose from {', '.join(FORMS)}"
    )


def chosen(options: Mapping[str, str], default: str) -> str:
    """Reads the option `read` and checks it.

    Raises:
        InputError: no such form.

    >>> chosen({}, "auto")
    'auto'
    """
    form = options.get("read", default)
    reader(form)
    return form


def conclusion(text: str) -> str:
    """Returns what follows the last closed thought; nothing where a thought never ends.

    >>> conclusion("<think>4? 5?</think> It is 5."), conclusion("<think>4? 5? 4?")
    (' It is 5.', '')
    """
    _, closed, after = text.rpartition("</think>")
    end = after if closed else text
    return "" if "<think>" in end else end


def references(answers: Sequence[str | None]) -> list[str | None]:
    r"""Reads the references out of reference answers: what each marks, where it marks exactly one; else all of it.

    >>> references(["6 * 7 = 42\n#### 42", " 42 ", " ", None])
    ['42', '42', None, None]
    """
    distinct = [answer for answer in dict.fromkeys(answers) if answer is not None and answer.strip()]
    marked = _auto(*_marks())(distinct)
    found = {a: m[0] if len(m) == 1 else bare(_clean(a)) for a, m in zip(distinct, marked, strict=True)}
    return [None if answer is None else found.get(answer) for answer in answers]


def bare(stated: str) -> str:
    """Returns an answer without the white space, emphasis and full stop around it; a long text as it is.

    >>> bare(" **73**. "), bare("`x`"), bare("...")
    ('73', 'x', '...')
    """
    inner = stated.strip()
    while 0 < len(inner) <= LONGEST_DRESS:
        shorter = inner[:-1].rstrip() if inner.endswith(".") and not inner.endswith("..") else inner
        for mark in ("**", "__", "*", "_", "`"):
            if len(shorter) > 2 * len(mark) and shorter.startswith(mark) and shorter.endswith(mark):
                shorter = shorter[len(mark) : -len(mark)].strip()
                break
        if shorter == inner:
            break
        inner = shorter
    return inner or stated.strip()


def quoted(text: str, most: int = 60) -> str:
    """Returns a text as evidence quotes it: on one line and short.

    >>> quoted("a\\n b"), quoted("x" * 99, 5)
    ("'a b'", "'xxxxx…'")
    """
    line = " ".join(text[: 4 * most].split())
    return repr(line if len(line) <= most and len(text) <= 4 * most else line[:most] + "…")


def _clean(text: str) -> str:
    # A lone surrogate is no text: Polars and JSON refuse it.
    return text.encode("utf-8", "replace").decode("utf-8")


def _tail(text: str) -> Stated:
    lines = _clean(text).rstrip().rsplit("\n", 1)
    last = bare(lines[-1])
    return (last,) if last else ()


def _read(texts: Sequence[str], read: Callable[[pl.Expr], pl.Expr]) -> list[str | None]:
    frame = pl.DataFrame({"text": texts}, schema={"text": pl.String})
    found: list[str | None] = frame.select(read(pl.col("text")).alias("stated"))["stated"].to_list()
    return found


def _last(read: Callable[[pl.Expr], pl.Expr]) -> Read:
    def every(texts: Sequence[str]) -> list[Stated]:
        found = _read([_clean(conclusion(text)) for text in texts], read)
        return [(inner,) if one is not None and (inner := bare(one)) else () for one in found]

    return every


def _marked(mark: str, read: Callable[[pl.Expr], pl.Expr], keep: Callable[[list[str]], list[str]] = list) -> Read:
    cut = re.compile(rf"(?={mark})")

    def every(texts: Sequence[str]) -> list[Stated]:
        # Cut before every mark, so that each piece states at most one answer.
        pieces = [keep(cut.split(_clean(conclusion(text)))[1:]) for text in texts]
        found = iter(_read([piece for each in pieces for piece in each], read))
        answers = [[one for _ in each if (one := next(found)) is not None] for each in pieces]
        return [_distinct([inner for one in each if (inner := bare(one))]) for each in answers]

    return every


def _no_headings(pieces: list[str]) -> list[str]:
    """Drops "#### Step 1" with text under it, which is a heading; the last one always counts."""
    first = len(pieces) - 1
    while first > 0 and "\n" not in pieces[first - 1].strip():
        first -= 1
    return [
        piece
        for at, piece in enumerate(pieces)
        if at >= first or not any(c.isalpha() for c in piece.partition("\n")[0])
    ]


def _distinct(stated: list[str]) -> Stated:
    """Returns each answer once, where it was stated last."""
    return tuple(reversed(dict.fromkeys(reversed(stated))))


def _box_or_tag(text: pl.Expr) -> pl.Expr:
    return pl.coalesce(extract.boxed(text), extract.answer_tag(text))


def _auto(*steps: Read) -> Read:
    def every(texts: Sequence[str]) -> list[Stated]:
        found: list[Stated] = [()] * len(texts)
        rest = list(range(len(texts)))
        for step in steps:
            for at, stated in zip(rest, step([texts[at] for at in rest]), strict=True):
                found[at] = stated
            rest = [at for at in rest if not found[at]]
        return found

    return every


def _marks() -> tuple[Read, Read]:
    # A tag around a box states one answer: cut before both, the tag's own piece is left unclosed.
    return _marked(f"{_BOXED}|{_TAG}", _box_or_tag), _marked(_HASH, extract.hashes, _no_headings)
