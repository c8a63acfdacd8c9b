"""The verifier `json_schema`: the completion is one JSON document that a schema accepts."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from freshbits.errors import InputError
from freshbits.signals.options import key_of, known, number, one_of, require
from freshbits.signals.signal import Verdict
from freshbits.signals.stated import conclusion
from freshbits.signals.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freshbits.signals.signal import Item

DEEPEST = 64
_OPENS = re.compile(r" {0,3}```[ \t]*(\w*)[^`]*")
_CLOSES = re.compile(r" {0,3}```[ \t]*")


@dataclass(frozen=True)
class JsonSchema:
    """Accepts a completion that is one JSON document, alone or in a code fence, which the schema accepts.

    The schema is the reference: it says what form an answer has, not what is right, so its bits are bits about form.
    JSON is strict: no NaN, no key twice, at most 64 levels deep. Several different fenced documents are no answer
    (`several=last` counts the last). Nothing is fetched: a schema that refers to another address leaves its rows
    unscored. Schemas hold patterns that a text can make run for ever, so they are applied in a killable process.

    Attributes:
        schema: the schema as JSON text; "" where a column holds it. `from_options` reads it from a file.
        column: the column of the log that holds each row's schema; "" for none.
        several: what several different documents mean: "refuse" or "last".
        seconds: the longest that one document may take.

    >>> from freshbits.signals.signal import Item
    >>> form = JsonSchema('{"type": "object", "required": ["answer"]}')
    >>> [v.score for v in form.score([Item("", '{"answer": 4}'), Item("", "```json\\n{}\\n```"), Item("", "4 {")])]
    [1.0, 0.0, 0.0]
    """

    schema: str = ""
    column: str = ""
    several: str = "refuse"
    seconds: float = 5.0
    worker: Worker = field(init=False, repr=False, compare=False)

    name: ClassVar[str] = "json_schema"
    origin: ClassVar[str] = "external"
    whole_groups: ClassVar[bool] = False

    def __post_init__(self) -> None:
        made = Worker("freshbits.signals.json_schema:validated", self.seconds, ["true", "1"])
        object.__setattr__(self, "worker", made)

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> Self:
        """Makes the verifier from `--option key=value`; `schema` names a file.

        Raises:
            InputError: a package is missing, an unknown option or value, no schema, or a file that holds none.
        """
        require(cls.name, "jsonschema")
        known(cls.name, options, ("schema", "column", "several", "seconds"))
        file, column = options.get("schema", ""), options.get("column", "")
        if (file == "") == (column == ""):
            raise InputError(
                "the signal json_schema needs one schema" + ("" if file == "" else ", not a file and a column"),
                mend="pass --option schema=FILE or --option column=NAME",
            )
        return cls(
            _schema_of(Path(file)) if file else "",
            column,
            one_of(options, "several", ("refuse", "last"), cls.several),
            number(options, "seconds", cls.seconds, positive=True),
        )

    @property
    def key(self) -> str:
        """Everything besides the item that a verdict depends on."""
        from importlib.metadata import version

        return key_of(self, f"jsonschema {version('jsonschema')}")

    @property
    def needs(self) -> tuple[str, ...]:
        """Columns it needs besides the completion."""
        return (self.column,) if self.column else ()

    def score(self, items: Sequence[Item]) -> list[Verdict]:
        """Scores a batch: one verdict per item, in order."""
        inputs: list[tuple[int, list[str]]] = []
        verdicts: list[Verdict] = []
        for at, item in enumerate(items):
            ready = self._input(item)
            verdicts.append(ready if isinstance(ready, Verdict) else Verdict(None))
            if not isinstance(ready, Verdict):
                inputs.append((at, ready))
        for (at, _), outcome in zip(inputs, self.worker.run([value for _, value in inputs]), strict=True):
            if outcome.fault:
                verdicts[at] = Verdict(None, f"the schema could not be applied: {outcome.fault}")
            else:
                ok, why = outcome.value
                verdicts[at] = Verdict(ok if ok is None else float(ok), why)
        return verdicts

    def _input(self, item: Item) -> list[str] | Verdict:
        schema: Any = item.fields.get(self.column) if self.column else self.schema
        if isinstance(schema, dict):
            schema = json.dumps(schema)
        if not isinstance(schema, str) or not schema:
            return Verdict(None, f"the row has no schema in {self.column}")
        documents = documents_of(item.completion)
        counted = documents[-1:] if self.several == "last" else documents
        if len(counted) > 1:
            return Verdict(0.0, f"holds {len(counted)} different documents")
        return [schema, counted[0]] if counted else Verdict(0.0, "holds no JSON")


def documents_of(completion: str) -> list[str]:
    r"""Returns the JSON texts of a completion's conclusion: its fenced blocks, or else all of it.

    Fences that name another language do not count. Equal documents count once.

    >>> documents_of("Here:\n```json\n{}\n```\nand\n```py\n1\n```"), documents_of(" [1] "), documents_of("")
    (['{}'], ['[1]'], [])
    """
    end = conclusion(completion)
    fenced = [block.strip() for language, block in _blocks(end) if language.lower() in ("", "json")]
    return list(dict.fromkeys(fenced or [end.strip()] * bool(end.strip())))


def _blocks(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    language: str | None = None
    held: list[str] = []
    for line in text.split("\n"):
        if language is None:
            if opens := _OPENS.fullmatch(line):
                language, held = opens.group(1), []
        elif _CLOSES.fullmatch(line):
            found.append((language, "\n".join(held)))
            language = None
        else:
            held.append(line)
    return found


def loads(text: str) -> object:
    """Reads strict JSON: no NaN, no key twice, not too deep.

    Raises:
        ValueError: no such JSON.

    >>> loads('{"a": 1}')
    {'a': 1}
    """

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        made = dict(pairs)
        if len(made) < len(pairs):
            raise ValueError("a key occurs twice")
        return made

    def no_number(name: str) -> object:
        raise ValueError(f"{name} is no JSON")

    try:
        found: object = json.loads(text, object_pairs_hook=once, parse_constant=no_number)
    except RecursionError:
        raise ValueError(f"nested more than {DEEPEST} deep") from None
    level = [found]
    for _ in range(DEEPEST):
        level = [
            inner
            for one in level
            if isinstance(one, (dict, list))
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return found
    raise ValueError(f"nested more than {DEEPEST} deep")


def validated(given: list[str]) -> tuple[bool | None, str]:
    """Applies a schema to a document: the function that the killable process runs.

    Args:
        given: [schema, document], both JSON text.

    Returns:
        Whether it is valid (None where the schema itself fails), and why.

    >>> validated(['{"type": "integer"}', "4"]), validated(['{"$ref": "http://a.b/c"}', "4"])[0]
    ((True, 'valid'), None)
    """
    import jsonschema
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    schema: Any = json.loads(given[0])
    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    try:
        kind.check_schema(schema)
    except jsonschema.SchemaError as error:
        return None, f"the schema is none: {error.message[:100]}"
    try:
        document: Any = loads(given[1])
    except ValueError as error:
        return False, f"no JSON: {str(error)[:100]}"
    try:
        # An empty registry: without one, jsonschema would fetch what a schema refers to.
        found = next(iter(kind(schema, registry=Registry()).iter_errors(document)), None)
    except Unresolvable as error:
        return None, f"the schema refers to what is not in it: {str(error)[:100]}"
    except RecursionError:
        return None, "the schema refers to itself without end"
    if found is None:
        return True, "valid"
    place = "/".join(str(part) for part in found.absolute_path)
    return False, f"{'at ' + place + ': ' if place else ''}{found.message}"[:160]


def _schema_of(file: Path) -> str:
    import jsonschema

    try:
        text = file.read_text(encoding="utf-8")
        schema = json.loads(text)
    except OSError as error:
        raise InputError(f"the schema cannot be read: {error.strerror or error}", file=file) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"the schema is no JSON: {error}", file=file) from error
    try:
        jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator).check_schema(schema)
    except (jsonschema.SchemaError, AttributeError, TypeError) as error:
        what = error.message if isinstance(error, jsonschema.SchemaError) else f"it is a {type(schema).__name__}"
        raise InputError(f"the file holds no JSON schema: {what}", file=file) from error
    return text
