"""A rubric's file, YAML or JSON: read strictly, every mistake in one sentence with its place and what to write."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from freshbits.errors import InputError
from freshbits.rollouts.options import nearest
from freshbits.signals.rubric.criteria import AUTHORS, NAME, YES_NO, Criterion, Rubric, levels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LARGEST = 1_000_000  # bytes
MOST = 100  # criteria
LONGEST = 4_000  # characters of a criterion
KEYS = ("name", "written_by", "criteria")
OWN_KEYS = ("name", "text", "weight", "scale")

Place = tuple[str | int, ...]


class _Text:
    """Holds the plain data of a file and the line of each of its places."""

    def __init__(self, data: Any, lines: Mapping[Place, int], file: Path | None) -> None:
        self.data, self.lines, self.file = data, lines, file

    def wrong(self, problem: str, mend: str, *place: str | int) -> NoReturn:
        """Raises with the nearest line that is known and the place as a path."""
        row = next((self.lines[place[:end]] for end in range(len(place), -1, -1) if place[:end] in self.lines), None)
        column = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
        raise InputError(problem, file=self.file, row=row, column=column or None, mend=mend)


def read_rubric(path: str | Path) -> Rubric:
    """Reads a rubric's file: `name`, `criteria` (each `name`, `text`, `weight`, `scale`), and `written_by`.

    Raises:
        InputError: it cannot be read, or something in it is missing, unknown, twice, or of the wrong kind.
    """
    file = Path(path)
    try:
        if file.stat().st_size > LARGEST:
            raise InputError("is too large for a rubric", file=file, mend="name the file that holds the criteria")
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", file=file, mend="name the rubric's file") from None
    except UnicodeDecodeError:
        raise InputError("is not text in UTF-8", file=file, mend="save it as UTF-8") from None
    return parse_rubric(text, file)


def parse_rubric(text: str, file: Path | None = None) -> Rubric:
    """Reads a rubric from YAML or JSON text.

    >>> parse_rubric("name: tone\\ncriteria: [{name: polite, text: 'Is it polite?'}]").criteria[0].weight
    1.0
    >>> parse_rubric("name: tone\\ncriteria:\\n- {name: polite, text: 'Is it polite?', wait: 2}")
    Traceback (most recent call last):
        ...
    freshbits.errors.InputError: row 3, column 'criteria[1].wait': a criterion has no 'wait'; write 'weight'.
    """
    source = _json(text, file) if file is not None and file.suffix.lower() == ".json" else _yaml(text, file)
    data = source.data
    if not isinstance(data, dict):
        source.wrong("a rubric is a mapping", "write name: …, and criteria: with a list")
    _known(source, data, KEYS, "a rubric", ())
    name = _words(source, data, "name", ())
    author = data.get("written_by")
    if author is not None and author not in AUTHORS:
        source.wrong(f"{author!r} writes no criteria", f"write {', '.join(AUTHORS)}", "written_by")
    rows = data.get("criteria")
    if not isinstance(rows, list) or not rows:
        source.wrong(
            "there are no criteria", "write criteria: with a list of name and text",
            *(["criteria"] if "criteria" in data else []),
        )  # fmt: skip
    if len(rows) > MOST:
        source.wrong(f"there are {len(rows)} criteria", f"write {MOST} at most", "criteria")
    found = [_criterion(source, row, at) for at, row in enumerate(rows)]
    names = Counter(each.name.casefold() for each in found)
    for at, each in enumerate(found):
        if names[each.name.casefold()] > 1 and each.name.casefold() in (one.name.casefold() for one in found[:at]):
            source.wrong(
                f"two criteria are called {each.name!r}", "give each a name of its own", "criteria", at, "name"
            )
    if not any(each.weight for each in found):
        source.wrong("every weight is 0", "give the criteria that count a weight", "criteria")
    return Rubric(name, tuple(found), author)


def _criterion(source: _Text, row: Any, at: int) -> Criterion:
    if not isinstance(row, dict):
        source.wrong("a criterion is a mapping", "write {name: …, text: …}", "criteria", at)
    _known(source, row, OWN_KEYS, "a criterion", ("criteria", at))
    name, text = (_words(source, row, key, ("criteria", at)) for key in ("name", "text"))
    if NAME.fullmatch(name) is None:
        source.wrong(
            f"{name!r} cannot name a column", "begin with a letter; write letters, digits, _, - and spaces, 60 at most",
            "criteria", at, "name",
        )  # fmt: skip
    weight = row.get("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not math.isfinite(weight):
        source.wrong(f"the weight {weight!r} is no number", "write a number, such as 2 or -1", "criteria", at, "weight")
    scale = row.get("scale", YES_NO)
    if not isinstance(scale, str) or levels(scale) is None:
        source.wrong(f"{scale!r} is no scale", "write yes_no, or whole numbers such as 1..5", "criteria", at, "scale")
    return Criterion(name, text, float(weight), scale)


def _words(source: _Text, row: dict[str, Any], key: str, place: Place) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        what = f"{key} is not said" if value is None else f"{key} is {value!r}, not a text"
        source.wrong(what, f"write {key}: with a text in quotes", *place, *([key] if key in row else []))
    if len(value) > LONGEST:
        source.wrong(f"{key} has {len(value)} characters", f"write {LONGEST} at most", *place, key)
    return " ".join(value.split())


def _known(source: _Text, row: dict[Any, Any], keys: Sequence[str], what: str, place: Place) -> None:
    for key in row:
        if key not in keys:
            close = [known for known in keys if nearest(str(key), [known])]
            mend = f"write {close[0]!r}" if close else f"it has {', '.join(keys)}"
            source.wrong(f"{what} has no {key!r}", mend, *place, str(key))


def _json(text: str, file: Path | None) -> _Text:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        twice = [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]
        if twice:
            raise InputError(f"{twice[0]!r} stands twice in one place", file=file, mend="leave one out")
        return dict(pairs)

    try:
        return _Text(json.loads(text, object_pairs_hook=once), {}, file)
    except json.JSONDecodeError as error:
        raise InputError(f"is no JSON: {error.msg}", file=file, row=error.lineno, mend="mend it there") from None
    except RecursionError:
        raise InputError("is nested too deeply", file=file, mend="write name and criteria") from None


def _yaml(text: str, file: Path | None) -> _Text:
    import yaml

    lines: dict[Place, int] = {}
    loader = yaml.SafeLoader(text)

    def plain(node: Any, place: Place) -> Any:
        lines[place] = node.start_mark.line + 1
        if len(place) > 4:
            raise InputError("is nested too deeply", file=file, row=lines[place], mend="write name and criteria")
        if isinstance(node, yaml.MappingNode):
            found: dict[str, Any] = {}
            for key, value in node.value:
                name = str(key.value)
                if name in found:
                    row = key.start_mark.line + 1
                    raise InputError(f"{name!r} stands twice in one place", file=file, row=row, mend="leave one out")
                found[name] = plain(value, (*place, name))
                lines[*place, name] = key.start_mark.line + 1
            return found
        if isinstance(node, yaml.SequenceNode):
            return [plain(value, (*place, at)) for at, value in enumerate(node.value)]
        return loader.construct_object(node)

    try:
        node = loader.get_single_node()
        return _Text(None if node is None else plain(node, ()), lines, file)
    except yaml.MarkedYAMLError as error:
        row = error.problem_mark.line + 1 if error.problem_mark is not None else None
        mend = "mend it there, and put texts in quotes"
        raise InputError(f"is no YAML: {error.problem}", file=file, row=row, mend=mend) from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise InputError("is no YAML", file=file, mend="write name: and criteria:") from None
    finally:
        loader.dispose()
