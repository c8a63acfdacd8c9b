"""What pydantic found wrong with a declaration, as one sentence that says where and how to mend it."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from freshbits.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import BaseModel, ValidationError

    from freshbits.loop.text import Text

_WANTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping of keys",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
    "greater_than": "above {gt:g}",
    "greater_than_equal": "at least {ge:g}",
    "less_than": "below {lt:g}",
    "less_than_equal": "at most {le:g}",
    "string_too_short": "empty; it takes a word",
    "string_pattern_mismatch": "a plain name (letters, digits, `_`, `-`, `.` and blanks)",
    "too_short": "a list of {min_length} or more",
    "too_long": "a list of {max_length} or fewer",
    "literal_error": "one of {expected}",
}


def fault(error: ValidationError, kind: type[BaseModel], data: Mapping[str, Any], text: Text | None) -> InputError:
    """Returns the first fault of a declaration as an error with file, line and place.

    Args:
        error: what pydantic found.
        kind: the model that was built.
        data: what it was built from.
        text: the text that was read from, where there is one.
    """
    found = _first(error)
    place = _place(found)
    written = _as_written(place, data)
    problem, mend = _said(found, place, written, kind)
    return InputError(
        problem,
        file=text.file if text else None,
        row=text.line(written) if text else None,
        column=dotted(written) or None,
        mend=mend,
    )


def _first(error: ValidationError) -> Any:
    """Returns the fault to name: an unknown key first, since others follow from it; of a union the nearest miss."""
    found = error.errors(include_url=False)
    for each in found:
        if each["type"] == "extra_forbidden":
            return each
    place = _place(found[0])
    same = [each for each in found if _place(each)[: len(place)] == place]
    return min(same, key=lambda each: each["type"].endswith("_type"))


def _place(found: Any) -> tuple[str | int, ...]:
    place = tuple(part for part in found["loc"] if not _is_tag(part))
    return place + getattr(found.get("ctx", {}).get("error"), "place", ())


def dotted(place: Sequence[str | int]) -> str:
    """Names a place as people write it.

    >>> dotted(("edges", 2, 0)), dotted(("train", "rounds"))
    ('edges[2][0]', 'train.rounds')
    """
    said = ""
    for part in place:
        said += f"[{part}]" if isinstance(part, int) else f".{part}" if said else part
    return said


def nearest(name: str, among: Sequence[str]) -> str | None:
    """Returns the name most like this one, if any is.

    >>> nearest("round", ["rounds", "pool"])
    'rounds'
    """
    found = get_close_matches(name, list(among), n=1, cutoff=0.5)
    return found[0] if found else None


def _said(
    found: Any, place: tuple[str | int, ...], written: tuple[str | int, ...], kind: type[BaseModel]
) -> tuple[str, str | None]:
    name, code, context = str(place[-1]) if place else "", found["type"], found.get("ctx", {})
    if code == "extra_forbidden":
        around = dotted(written[:-1]) or "a loop"
        keys = _keys(kind, place[:-1])
        like = nearest(name, keys)
        return f"{around} has no key {name!r}", f"write {like!r}" if like else f"it has {', '.join(keys)}"
    if code == "missing":
        return "this key is missing", f"give {dotted(written)}"
    if code == "value_error":
        error = context["error"]
        return str(error), getattr(error, "mend", None)
    given = _short(found.get("input"))
    if code == "string_pattern_mismatch" and "beta" in context["pattern"]:
        return f"{given} is no share", "write .05, a list of shares, or beta:1,3"
    if code in _WANTED:
        wanted = _WANTED[code].format(**context)
        like = nearest(str(found.get("input")), _quoted(context)) if code == "literal_error" else None
        return f"{given} is not {wanted}", f"write {like}" if like else None
    return f"{given}: {found['msg'][:1].lower()}{found['msg'][1:]}", None


def _quoted(context: Mapping[str, Any]) -> list[str]:
    return [part.strip("' ") for part in str(context["expected"]).replace(" or ", ", ").split(",")]


def _short(value: object) -> str:
    said = repr(value) if not isinstance(value, (dict, list)) else "a mapping" if isinstance(value, dict) else "a list"
    return said if len(said) <= 60 else said[:57] + "…"


def _keys(kind: type[BaseModel], place: tuple[str | int, ...]) -> list[str]:
    """Lists the keys of the model at a place."""
    from typing import get_args

    from pydantic import BaseModel

    here: Any = kind
    for part in place:
        if isinstance(part, str) and isinstance(here, type) and issubclass(here, BaseModel):
            fields = {field.alias or name: field.annotation for name, field in here.model_fields.items()}
            here = fields.get(part)
        while here is not None and not (isinstance(here, type) and issubclass(here, BaseModel)):
            inner = [arg for arg in get_args(here) if arg is not type(None)]
            here = inner[-1] if inner else None
    return [] if here is None else [field.alias or name for name, field in here.model_fields.items()]


def _is_tag(part: str | int) -> bool:
    """Tells the marks that pydantic leaves for the members of a union."""
    marks = ("list[", "literal[", "constrained-", "function-")
    return isinstance(part, str) and (part.startswith(marks) or part in ("float", "int", "str", "bool"))


def _as_written(place: tuple[str | int, ...], data: Any) -> tuple[str | int, ...]:
    """Drops list positions that the text does not have: one signal may be written without its list."""
    kept: list[str | int] = []
    for part in place:
        if isinstance(part, int) and not isinstance(data, list):
            continue
        kept.append(part)
        if isinstance(data, list):
            data = data[part] if isinstance(part, int) and part < len(data) else None
        elif isinstance(data, dict):
            data = data.get(str(part))
    return tuple(kept)
