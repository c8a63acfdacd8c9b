"""Writes docs/report.schema.json, and the tables of docs/report.md, from the frozen results and docs/report_keys.yaml.

    python docs/schema.py             # or: make pages

Types come from the annotations of `freshbits.results`, meanings from the docstrings of its classes and, where these say
nothing of a field, from the YAML file. A field that nobody explains stops it.
"""

from __future__ import annotations

import json
import re
import types
import typing
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import griffe
import yaml

from freshbits.results import SCHEMA, Audit, Estimate, Section

HERE = Path(__file__).parent
FILE = HERE / "report.schema.json"
PAGE = HERE / "report.md"
TABLE = re.compile(r"(<!-- keys (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)

OPTIONAL = {"Audit.prompts", "Audit.sft", "Hacking.foretold"}  # keys that are left out where nothing was asked for
SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean"}
ALWAYS = {"Estimate", "Section"}  # whose keys are required: nothing can be read without them

Schema = dict[str, Any]


class Keys:
    """Holds the meanings, the shapes of plain objects, and the definitions as they are found."""

    def __init__(self) -> None:
        told = yaml.safe_load((HERE / "report_keys.yaml").read_text(encoding="utf-8"))
        self.fields: dict[str, dict[str, list[str]]] = told["fields"]
        self.shapes: dict[str, Any] = told["shapes"]
        self.definitions: dict[str, Schema] = {}
        self.used: set[str] = set()

    def whole(self) -> Schema:
        """Returns the schema of a report."""
        self.held(Section)
        body = self.held(Audit)
        told = {
            "freshbits": {"type": "string", "description": "version that wrote the report"},
            "schema": {"const": SCHEMA, "description": "see docs/report.md for what may change under one number"},
        }
        sections = [name for name in body["properties"] if f"Audit.{name}" not in OPTIONAL]
        self.definitions.pop("Audit")
        if unused := sorted({*self.fields, *self.shapes} - self.used):
            raise SystemExit(f"docs/report_keys.yaml explains what no report holds: {', '.join(unused)}")
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Report of freshbits audit",
            "type": "object",
            "properties": {**told, **body["properties"]},
            "required": [*told, *sections],
            "$defs": dict(sorted(self.definitions.items())),
        }

    def held(self, kind: type) -> Schema:
        """Defines a frozen result; every field must be explained."""
        name = kind.__name__
        self.used.add(name)
        self.definitions[name] = {}  # a name that is being defined
        hints, told = typing.get_type_hints(kind), attributes(kind)
        properties: dict[str, Schema] = {}
        for field in fields(kind):
            key = field.name.rstrip("_")
            unit, meaning = self.fields.get(name, {}).get(key) or ("", told.get(field.name, ""))
            if not meaning:
                raise SystemExit(f"docs/report_keys.yaml: say what {name}.{key} means")
            properties[key] = described(self.of(hints[field.name], f"{name}.{key}"), unit, meaning)
        if unknown := set(self.fields.get(name, {})) - set(properties):
            raise SystemExit(f"docs/report_keys.yaml: {name} has no {', '.join(sorted(unknown))}")
        required = list(properties) if name in ALWAYS else [key for key in properties if key == "status"]
        made: Schema = {"type": "object", "properties": properties}
        self.definitions[name] = made | ({"required": required} if required else {})
        return self.definitions[name]

    def of(self, kind: Any, place: str) -> Schema:
        """Returns the schema of an annotation; plain objects by the shape that is told for their place."""
        origin, inner = typing.get_origin(kind), typing.get_args(kind)
        if origin in (typing.Union, types.UnionType):
            (only,) = [each for each in inner if each is not type(None)]
            return nullable(self.of(only, place))
        if origin is typing.Literal:
            return {"enum": list(inner)}
        if origin is list:
            return {"type": "array", "items": self.of(inner[0], f"{place}[]")}
        if origin is dict and inner[1] is not Any:
            return {"type": "object", "additionalProperties": self.of(inner[1], f"{place}.*")}
        if origin is dict:
            return self.shaped(place)
        if is_dataclass(kind):
            return self.refer(typing.cast("type", kind))
        return {"type": SCALARS[kind]}

    def refer(self, kind: type) -> Schema:
        """Refers to a definition, made when it is first met."""
        if kind.__name__ not in self.definitions:
            self.held(kind)
        return {"$ref": f"#/$defs/{kind.__name__}"}

    def shaped(self, name: str) -> Schema:
        """Refers to a plain object whose shape is told."""
        if name not in self.shapes:
            raise SystemExit(f"docs/report_keys.yaml: say what {name} looks like")
        self.used.add(name)
        shape = self.shapes[name]
        if isinstance(shape, str):
            return self.told(shape)
        if name not in self.definitions:
            self.definitions[name] = {}
            properties = {key.rstrip("?"): described(self.told(told[0]), *told[1:]) for key, told in shape.items()}
            self.definitions[name] = {"type": "object", "properties": properties}
            self.definitions[name]["x-optional"] = [key.rstrip("?") for key in shape if key.endswith("?")]
        return {"$ref": "#/$defs/" + name.replace(" ", "%20")}

    def told(self, kind: str) -> Schema:
        """Returns the schema of a type that is written in words."""
        if kind.endswith("~"):
            return nullable(self.told(kind[:-1]))
        if kind.startswith("["):
            return {"type": "array", "items": self.told(kind[1:-1])}
        if kind in SCALARS.values():
            return {"type": kind}
        if kind == "any":
            return {}
        if kind == "estimate":
            return self.refer(Estimate)
        if kind == "estimates":
            return {"type": "object", "additionalProperties": nullable(self.refer(Estimate))}
        return self.shaped(kind)


def attributes(kind: type) -> dict[str, str]:
    """Returns what the docstring of a class says of its fields."""
    found: dict[str, str] = {}
    for section in griffe.Docstring(kind.__doc__ or "").parse("google", warnings=False):
        if section.kind is griffe.DocstringSectionKind.attributes:
            for entry in section.value:
                for name in entry.name.split(","):
                    found[name.strip()] = " ".join(entry.description.split()).removesuffix(".")
    return found


def nullable(schema: Schema) -> Schema:
    """Returns a schema that holds null too."""
    return schema if schema == {} else {"anyOf": [schema, {"type": "null"}]}


def described(schema: Schema, unit: str, meaning: str) -> Schema:
    """Adds the meaning and the unit to a schema."""
    return schema | {"description": meaning} | ({"x-unit": unit} if unit else {})


def words(schema: Schema) -> str:
    """Says in words what a schema holds.

    >>> words({"anyOf": [{"$ref": "#/$defs/Estimate"}, {"type": "null"}]})
    '[estimate](#estimate) or null'
    """
    if "anyOf" in schema:
        return f"{words(schema['anyOf'][0])} or null"
    if "$ref" in schema:
        return "[estimate](#estimate)" if schema["$ref"].endswith("/Estimate") else "object"
    if schema.get("type") == "array":
        return f"list of {words(schema['items'])}"
    if "additionalProperties" in schema:
        return f"by name: {words(schema['additionalProperties'])}"
    return str(schema.get("type", "string" if "enum" in schema else "any"))


def table(schema: Schema, name: str) -> str:
    """Returns the keys of a definition as a table, less those of every section; what lies below one as `key.below`."""
    rows = ["| key | holds | unit | meaning |", "| --- | --- | --- | --- |"]
    known = set() if name == "Section" else set(schema["$defs"]["Section"]["properties"])
    for key, part in walked(schema, name):
        if key in known:
            continue
        rows.append(f"| `{key}` | {words(part)} | {part.get('x-unit', '')} | {cell(part.get('description', ''))} |")
    return "\n".join(rows) + "\n"


def walked(schema: Schema, name: str, before: str = "") -> typing.Iterator[tuple[str, Schema]]:
    """Yields every key of a definition with its schema, those of parts below it too."""
    for key, part in schema["$defs"][name]["properties"].items():
        yield f"{before}{key}", part
        below, mark = part, ""
        while "$ref" not in below:
            if "anyOf" in below:
                below = below["anyOf"][0]
            elif "items" in below:
                below, mark = below["items"], "[]"
            elif isinstance(below.get("additionalProperties"), dict):
                below, mark = below["additionalProperties"], ".*"
            else:
                break
        there = below.get("$ref", "").removeprefix("#/$defs/").replace("%20", " ")
        if there and there != "Estimate":
            yield from walked(schema, there, f"{before}{key}{mark}.")


def cell(text: str) -> str:
    """Returns a text that may stand in a cell of a table."""
    return text.replace("|", "\\|")


def page(text: str, schema: Schema) -> str:
    """Returns docs/report.md with its tables as they are now."""
    return TABLE.sub(lambda place: f"{place[1]}\n{table(schema, place[2])}\n{place[3]}", text)


def main() -> None:
    """Writes the schema and the page."""
    schema = Keys().whole()
    FILE.write_text(json.dumps(schema, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), schema), encoding="utf-8")
    print(f"{FILE.name} and {PAGE.name} written")


if __name__ == "__main__":
    main()
