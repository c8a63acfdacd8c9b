"""The house: what is public, which room imports which, what `import freshbits` loads, how long a file is."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import freshbits

SRC = Path(freshbits.__file__).parent

PUBLIC = {
    "Allocator",
    "Audit",
    "Comparison",
    "Estimate",
    "FreshbitsError",
    "InputError",
    "Log",
    "Loop",
    "ReadOptions",
    "__version__",
    "allocate",
    "audit",
    "check",
    "compare",
    "control",
    "forecast",
    "label",
    "page",
    "plan",
    "read",
    "rebalance",
    "run",
    "score",
    "select",
}

# From left to right: a room imports itself and rooms to its left.
ROOMS = (
    ("version",),
    ("errors",),
    ("atomic",),
    ("cluster",),
    ("plain",),
    ("shown",),
    ("described",),
    ("telling",),
    ("raced",),
    ("results",),
    ("allocated", "compared", "controlled", "rebalanced", "planned", "selected"),
    ("rollouts",),
    ("outputs",),
    ("tally",),
    ("information",),
    ("dynamics",),
    ("probes",),
    ("criteria",),
    ("remedies",),
    ("auditing",),
    ("comparing", "forecasting", "planning"),
    ("signals",),
    ("loop",),
    ("integrations",),
    ("report",),
)
FREE = {"cli", "__main__"}  # import everything, are imported by nothing
# What `import freshbits` loads.
FIRST = {"version"}

# Rooms that may see less than everything to their left.
NARROW = {
    "worlds": {"errors", "atomic", "rollouts", "worlds"},  # never the formulas that it tests
    "information": {"errors", "results", "information"},
    "dynamics": {"errors", "results", "information", "dynamics"},
    "signals": {"version", "errors", "atomic", "cluster", "results", "rollouts", "outputs", "information", "signals"},
    "integrations": {
        "errors",
        "results",
        "rollouts",
        "outputs",
        "tally",
        "information",
        "criteria",
        "remedies",
        "integrations",
    },
}
HEAVY = {
    "scipy", "sklearn", "networkx", "pydantic", "yaml", "pandas", "pyarrow", "datasets", "torch", "transformers",
    "trl", "peft", "openai", "jsonschema", "math_verify", "reasoning_gym", "altair", "vl_convert", "ray", "inspect_ai",
}  # fmt: skip

ALLOWED = {("worlds", "scipy")}  # worlds are loaded by tests, benchmarks and the demo only

# Modules that are models of pydantic and nothing else; they are imported when a loop is declared.
MODELS = {"freshbits.loop.declare", "freshbits.loop.parts"}

MOST_LINES = 400
LONG: dict[str, str] = {}  # file -> why it is longer


@dataclass(frozen=True)
class Import:
    """Holds one imported module, and whether it is imported when the importing module is."""

    name: str
    at_import: bool
    line: int


def module_name(path: Path) -> str:
    parts = path.relative_to(SRC.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(SRC.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}


def imports(tree: ast.Module) -> list[Import]:
    """Lists the imports of a module; of freshbits by the module they come from, of others by their root."""
    found: list[Import] = []

    def visit(node: ast.AST, *, at_import: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                found.extend(Import(alias.name, at_import, child.lineno) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"a relative import in line {child.lineno}"
                base = child.module or ""
                for alias in child.names:
                    inner = f"{base}.{alias.name}"
                    found.append(Import(inner if inner in MODULES else base, at_import, child.lineno))
            else:
                inside = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
                typing_only = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
                visit(child, at_import=at_import and not inside and not typing_only)

    visit(tree, at_import=True)
    return found


def room(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


def own(tree: ast.Module) -> list[Import]:
    return [found for found in imports(tree) if found.name.split(".")[0] == "freshbits"]


def test_the_public_names_are_these_and_each_can_be_imported():
    assert set(freshbits.__all__) == PUBLIC
    assert len(freshbits.__all__) == len(PUBLIC)
    for name in PUBLIC:
        assert getattr(freshbits, name) is not None
    assert set(dir(freshbits)) == PUBLIC


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'audits'"):
        _ = freshbits.audits  # type: ignore[attr-defined]


def test_every_module_lies_in_a_known_room():
    known = {name for rooms in ROOMS for name in rooms} | FREE | set(NARROW) | {""}
    assert {room(name) for name in MODULES} <= known


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_only_rooms_to_its_left(name):
    place = {each: at for at, rooms in enumerate(ROOMS) for each in rooms}
    here = room(name)
    for found in own(TREES[name]):
        there = room(found.name)
        where = f"{name}, line {found.line}: imports {found.name}"
        if here in FREE:
            continue
        if here == "":  # freshbits/__init__.py: the rest is loaded when used
            assert there in FIRST or not found.at_import, where
        elif here in NARROW:
            assert there in NARROW[here], where
        else:
            assert there in place, f"{where}, which nothing but the command line may"
            assert there == here or place[there] < place[here], where


def test_there_is_no_import_circle():
    edges = {name: {found.name for found in own(tree) if found.name != name} for name, tree in TREES.items()}
    edges["freshbits"] = {found.name for found in own(TREES["freshbits"]) if found.at_import}
    done: set[str] = set()
    path: list[str] = []

    def walk(name: str) -> None:
        assert name not in path, " → ".join([*path[path.index(name) :], name])
        if name in done:
            return
        path.append(name)
        for other in sorted(edges.get(name, ())):
            walk(other)
        path.pop()
        done.add(name)

    for name in edges:
        walk(name)


@pytest.mark.parametrize("name", MODULES)
def test_heavy_libraries_are_imported_where_they_are_used(name):
    allowed = {"numpy"} if room(name) in ("information", "dynamics") else None
    for found in imports(TREES[name]):
        root = found.name.split(".")[0]
        where = f"{name}, line {found.line}: imports {found.name}"
        heavy = root in HEAVY and (room(name), root) not in ALLOWED and not (root == "pydantic" and name in MODELS)
        assert not (found.at_import and heavy), f"{where} when it is itself imported"
        if allowed is not None and root != "freshbits" and root not in sys.stdlib_module_names:
            assert root in allowed | ({"scipy", "sklearn", "threadpoolctl"} if not found.at_import else set()), where


def test_importing_freshbits_loads_nothing_but_the_version():
    code = (
        "import sys, json; before = set(sys.modules); import freshbits; "
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = json.loads(run.stdout)
    roots = {name.split(".")[0] for name in loaded}
    assert roots - {"__future__"} == {"freshbits"}
    assert {name for name in loaded if name.startswith("freshbits")} == {
        "freshbits",
        *(f"freshbits.{name}" for name in FIRST),
    }


def test_the_command_line_says_its_version_without_loading_polars():
    code = "import sys, freshbits.cli; assert 'polars' not in sys.modules and 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", MODULES)
def test_a_long_module_has_its_reason(name):
    lines = len(MODULES[name].read_text(encoding="utf-8").splitlines())
    file = MODULES[name].relative_to(SRC).as_posix()
    assert lines <= MOST_LINES or file in LONG, f"{file} has {lines} lines"
    assert lines > MOST_LINES or file not in LONG, f"{file} needs its exception no more"


def documented(tree: ast.Module, name: str) -> list[tuple[str, str]]:
    """Lists the public functions, classes and methods of a module with their docstrings ('' if missing)."""
    found = []
    for node in tree.body:
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) or node.name.startswith("_"):
            continue
        found.append((f"{name}.{node.name}", ast.get_docstring(node) or ""))
        if isinstance(node, ast.ClassDef):
            found += [
                (f"{name}.{node.name}.{part.name}", ast.get_docstring(part) or "")
                for part in node.body
                if isinstance(part, ast.FunctionDef)
                and not part.name.startswith("_")
                and not any("overload" in ast.unparse(mark) for mark in part.decorator_list)
            ]
    return found


@pytest.mark.parametrize("name", MODULES)
def test_public_docstrings_open_with_a_sentence(name):
    for what, text in documented(TREES[name], name):
        assert text, f"{what} has no docstring"
        first = text.strip().split("\n\n")[0].split("\n")[0]
        assert first.endswith((".", "?")), f"the first line of {what} does not end a sentence: {first!r}"


def test_every_module_can_be_imported():
    for name in MODULES:
        if room(name) != "__main__":
            assert importlib.import_module(name).__doc__, f"{name} has no docstring"


def test_the_version_is_the_same_everywhere():
    root = SRC.parents[1]
    assert f"version: {freshbits.__version__}\n" in (root / "CITATION.cff").read_text(encoding="utf-8")
