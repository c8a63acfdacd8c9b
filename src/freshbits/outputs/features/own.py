"""A person's own features: what a text holds, in one of three declared forms; nothing is evaluated.

NAME=contains:TEXT    whether the text holds TEXT, as it is written
NAME=matches:REGEX    whether REGEX matches somewhere (the syntax of Rust's regex, in linear time)
NAME=count:TEXT       how often it holds TEXT, without overlap
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from freshbits.errors import InputError
from freshbits.outputs.features.core import CORE
from freshbits.outputs.features.feature import Feature
from freshbits.rollouts.options import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMS = ("contains", "matches", "count")
MEND = "write NAME=contains:TEXT, NAME=matches:REGEX or NAME=count:TEXT"


def parse_features(texts: Sequence[str]) -> tuple[Feature, ...]:
    """Reads `NAME=FORM:TEXT`.

    Raises:
        InputError: for another form, a name that is taken or no name, an empty text, a regex that does not compile.

    >>> [sorry] = parse_features(["sorry=contains:I am sorry"])
    >>> pl.DataFrame({"t": ["I am sorry.", "Fine.", None]}).select(sorry.of(pl.col("t"))).to_series().to_list()
    [True, False, None]
    """
    found: dict[str, Feature] = {}
    for text in texts:
        name, equals, said = text.partition("=")
        form, colon, what = said.partition(":")
        if not equals or not colon or not what:
            raise InputError(f"--feature {text!r} is not NAME=FORM:TEXT", mend=MEND)
        if not re.fullmatch(r"[A-Za-z]\w*", name):
            raise InputError(f"--feature {text!r}: {name!r} is no name", mend="use letters, digits and underscores")
        if name in found or name in {feature.name for feature in CORE}:
            raise InputError(f"--feature {text!r}: {name} is a feature already", mend="give it another name")
        if form not in FORMS:
            raise InputError(f"--feature {text!r}: {form!r} is no form" + nearest(form, FORMS), mend=MEND)
        found[name] = _made(name, form, what)
    return tuple(found.values())


def _made(name: str, form: str, what: str) -> Feature:
    if form == "count":
        return Feature(name, 1, "count", f"{what!r}", lambda text: text.str.count_matches(what, literal=True))
    if form == "contains":
        return Feature(name, 1, "flag", f"holds {what!r}", lambda text: text.str.contains(what, literal=True))
    try:
        pl.Series([""]).str.contains(what)
    except pl.exceptions.ComputeError:
        raise InputError(f"--feature {name}: {what!r} is no regular expression", mend=MEND) from None
    return Feature(name, 1, "flag", f"matches {what!r}", lambda text: text.str.contains(what))
