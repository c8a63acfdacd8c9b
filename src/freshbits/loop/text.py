"""The text of a declaration: YAML or JSON to plain data that knows its lines, and back. Nothing in it is executed.

Numbers and truth values are those of YAML 1.2: `1e-4` is a number, `no` is a word. Anchors, tags and dates are not
part of a declaration.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from freshbits.errors import InputError

if TYPE_CHECKING:
    import yaml

MOST_BYTES = 256_000
DEEPEST = 24
_CORE = {
    "null": (r"(?:~|null|Null|NULL|)", ["~", "n", "N", ""]),
    "bool": (r"(?:true|True|TRUE|false|False|FALSE)", list("tTfF")),
    "int": (r"[-+]?[0-9]{1,4000}", list("-+0123456789")),
    "float": (r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?", list("-+.0123456789")),
}
_HALVES = re.compile(r"\\\\|\\u(d[89ab]..)\\u(d[c-f]..)")
Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Text:
    """Holds what a declaration says, and on which line each part of it stands.

    Attributes:
        data: plain data.
        file: where it was read; None for a text.
        lines: place, such as ("train", "rounds"), -> 1-based line.
    """

    data: dict[str, Any]
    file: str | None = None
    lines: dict[Place, int] = field(default_factory=dict)

    def line(self, place: Place) -> int | None:
        """Returns the line of a place, or of the nearest part around it.

        >>> parse("train:\\n  rounds: 8").line(("train", "pool"))
        1
        """
        for size in range(len(place), 0, -1):
            if place[:size] in self.lines:
                return self.lines[place[:size]]
        return None


def read(path: str | Path) -> Text:
    """Reads a declaration from a file.

    Raises:
        InputError: if the file cannot be read, or `parse` refuses it.
    """
    file = Path(path)
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", file=path, mend="name a YAML file") from None
    if len(content) > MOST_BYTES:
        raise InputError(f"is longer than {MOST_BYTES:,} bytes, which no declaration is", file=path)
    try:
        return parse(content.decode("utf-8"), str(path))
    except UnicodeDecodeError:
        raise InputError("is not UTF-8 text", file=path, mend="name a YAML file") from None


def parse(text: str, file: str | None = None) -> Text:
    """Reads a declaration from YAML or JSON.

    Raises:
        InputError: if it is no YAML, a key stands twice, or it holds an anchor, a tag, or no mapping.

    >>> parse("train: {learning_rate: 1e-4, pool: no}").data
    {'train': {'learning_rate': 0.0001, 'pool': 'no'}}
    """
    import yaml

    loader = _loader(text, file)
    try:
        _refuse_odd(loader, file)
        node = _loader(text, file).get_single_node()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise InputError(f"this is no YAML: {problem}", file=file, row=mark.line + 1 if mark else None) from None
    if not isinstance(node, yaml.MappingNode):
        raise InputError("a loop is a mapping of keys", file=file, mend="begin with `name: …`")
    lines: dict[Place, int] = {}
    return Text(_value(node, (), lines, file), file, lines)


def write(data: dict[str, Any]) -> str:
    """Writes plain data as YAML that `parse` reads back to the same.

    >>> print(write({"name": "1e3", "rate": 1e-5}), end="")
    name: '1e3'
    rate: 1.0e-05
    """
    import yaml

    class Dumper(yaml.SafeDumper):
        """Quotes what this module's YAML would not read as text."""

        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012

        def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
            return True

    _resolve(Dumper)
    return yaml.dump(data, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=110)


def write_json(data: dict[str, Any]) -> str:
    """Writes plain data as JSON that `parse` reads back to the same."""
    written = json.dumps(data, indent=2, ensure_ascii=True, allow_nan=False) + "\n"
    # YAML reads the two halves of a character beyond the first plane as two: it has to stand as it is.
    return _HALVES.sub(lambda found: found[0] if found[1] is None else json.loads(f'"{found[0]}"'), written)


def _loader(text: str, file: str | None) -> yaml.SafeLoader:
    import yaml

    class Loader(yaml.SafeLoader):
        """Resolves plain words as YAML 1.2 does."""

        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012

    _resolve(Loader)
    try:
        return Loader(text)
    except yaml.reader.ReaderError as error:
        raise InputError(f"the character {error.character!r} has no place in YAML", file=file) from None


def _resolve(kind: Any) -> None:
    for name, (pattern, first) in _CORE.items():
        kind.add_implicit_resolver(f"tag:yaml.org,2002:{name}", re.compile(rf"(?:{pattern})\Z"), first)


def _refuse_odd(loader: yaml.SafeLoader, file: str | None) -> None:
    """Refuses what could make a short text a large value, before it is built."""
    import yaml

    depth, events = 0, cast("Any", loader)
    while events.check_event():
        event = events.get_event()
        row = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise InputError("anchors and aliases are not read", file=file, row=row, mend="write the value out")
        if getattr(event, "tag", None) not in (None, "!"):
            raise InputError(f"the tag {event.tag} is not read", file=file, row=row, mend="leave it out")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise InputError(f"is nested deeper than {DEEPEST} levels", file=file, row=row)


def _value(node: yaml.Node, place: Place, lines: dict[Place, int], file: str | None) -> Any:
    import yaml

    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_value(part, (*place, at), lines, file) for at, part in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key, value in node.value:
            row = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise InputError("a key is a word, not a list or a mapping", file=file, row=row)
            name = key.value
            if name in found:
                first = lines[(*place, name)]
                raise InputError(f"{name!r} stands twice, first on line {first}", file=file, row=row, mend="keep one")
            lines[(*place, name)] = row
            found[name] = _value(value, (*place, name), lines, file)
        return found
    return _scalar(node)


def _scalar(node: yaml.Node) -> object:
    kind = node.tag.rpartition(":")[2]
    text = str(node.value)
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind == "int":
        return int(text)
    return float(text) if kind == "float" else text
