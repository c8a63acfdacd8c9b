"""Checks blocks that are shown and not run: declarations, rubrics, reports, set-up, options, what Python imports."""

from __future__ import annotations

import ast
import importlib
import json
import re
import shlex
import tomllib
from typing import TYPE_CHECKING, Any

import yaml

from shown.blocks import ROOT, Block, PageError, commands

if TYPE_CHECKING:
    from collections.abc import Sequence

# What a declaration leaves out where only a part of it is shown.
WHOLE = {
    "name": "part",
    "task": {"dataset": "prompts.parquet"},
    "model": {"name": "student"},
    "signal": {"verifier": "math"},
    "train": {"method": "grpo", "rounds": 2},
}
SETS_UP = ("pip", "make", "git", "cd", "python")


def checked(block: Block) -> None:
    """Checks one block by its language; raises `PageError` where it does not hold."""
    try:
        if block.language == "python":
            python(block.body)
        elif block.language in ("yaml", "yml"):
            data = yaml.safe_load(block.body)
            if isinstance(data, dict):
                declared(data)
        elif block.language == "json":
            reported(json.loads(block.body))
        elif block.language == "jsonl":
            for line in block.body.splitlines():
                json.loads(line)
        elif block.language == "toml":
            tomllib.loads(block.body)
        elif block.language in ("sh", "bash"):
            sets_up(commands(block.body))
    except (ValueError, SyntaxError, yaml.YAMLError) as problem:
        raise PageError(str(problem)) from None


def declared(data: dict[str, Any]) -> None:
    """Checks a loop, a part of one, or a rubric; of another program's settings only that they can be read.

    The commands of a workflow (`jobs:`) are checked for their options.
    """
    from freshbits.errors import FreshbitsError
    from freshbits.loop.checking import check
    from freshbits.loop.declare import Loop
    from freshbits.signals.rubric.file import parse_rubric

    try:
        if "criteria" in data:
            parse_rubric(yaml.safe_dump(data))
        elif "jobs" in data:
            steps = [step for job in data["jobs"].values() for step in job["steps"]]
            options_exist([line for step in steps for line in commands(step.get("run", "")) if line])
        elif {"task", "signal", "nodes"} & set(data):
            check(Loop.loads(yaml.safe_dump(data if "nodes" in data or "shape" in data else {**WHOLE, **data})))
    except FreshbitsError as problem:
        raise PageError(str(problem)) from None


def reported(data: Any) -> None:
    """Checks a whole report against its schema; of other JSON only that it can be read."""
    import jsonschema

    if isinstance(data, dict) and {"freshbits", "budget"} <= set(data):
        schema = json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))
        try:
            jsonschema.validate(data, schema)
        except jsonschema.ValidationError as problem:
            raise PageError(problem.message) from None


def python(body: str) -> None:
    """Compiles Python, and looks up everything of freshbits that it imports or names.

    >>> python("import freshbits as fb\\nfb.audit")
    >>> python("from freshbits.results import Nothing")
    Traceback (most recent call last):
    shown.blocks.PageError: freshbits.results has no 'Nothing'
    """
    tree = ast.parse(body)
    called = {"fb": "freshbits"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "freshbits":
            for name in node.names:
                found(str(node.module), name.name)
        elif isinstance(node, ast.Import):
            ours = [name for name in node.names if name.name.split(".")[0] == "freshbits"]
            called |= {name.asname: name.name for name in ours if name.asname}
            for name in ours:
                importlib.import_module(name.name)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in called:
            found(called[node.value.id], node.attr)


def found(module: str, name: str) -> object:
    """Returns what a module of freshbits holds under a name."""
    if hasattr(importlib.import_module(module), name):
        return getattr(importlib.import_module(module), name)
    try:
        return importlib.import_module(f"{module}.{name}")
    except ModuleNotFoundError:
        raise PageError(f"{module} has no {name!r}") from None


def sets_up(lines: Sequence[str]) -> None:
    """Checks commands that set up: extras that exist, targets of the Makefile, nothing else."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for line in lines:
        name, *arguments = shlex.split(line, comments=True)
        if name.split("/")[-1] not in SETS_UP:
            raise PageError(f"{line}: say above the block what is done with it, `<!-- run -->` for one")
        if name == "make":
            unknown = [each for each in arguments if "=" not in each and each not in targets]
            if unknown and not unknown[0].startswith("bench-"):
                raise PageError(f"{line}: the Makefile has no {unknown[0]}")
        for named in re.findall(r"(?:\.|freshbits)\[([\w,]+)\]", line):
            if unknown := sorted(set(named.split(",")) - set(extras)):
                raise PageError(f"{line}: there is no extra {unknown[0]}")


def options_exist(lines: Sequence[str]) -> None:
    """Checks that commands of freshbits have the options they are given; nothing is run.

    >>> options_exist(["freshbits audit runs --no-such"])
    Traceback (most recent call last):
    shown.blocks.PageError: freshbits audit runs --no-such: No such option: --no-such
    """
    from typer.main import get_command

    from freshbits.cli import app

    known: dict[str, Any] = get_command(app).commands  # type: ignore[attr-defined]
    for line in lines:
        name, *arguments = shlex.split(line, comments=True)
        if name != "freshbits":
            continue
        if arguments[0] not in known:
            raise PageError(f"{line}: there is no command {arguments[0]!r}")
        try:
            known[arguments[0]].make_context(arguments[0], arguments[1:])
        except Exception as problem:
            if not hasattr(problem, "format_message"):  # typer brings click along under another name
                raise
            raise PageError(f"{line}: {problem.format_message()}") from None
