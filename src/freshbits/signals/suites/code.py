"""Tests written as code: `check(candidate)`, lists of asserts, `test_…` functions, `unittest` classes."""

from __future__ import annotations

import ast
import builtins
import sys
from functools import lru_cache
from typing import TYPE_CHECKING

from freshbits.signals.suites.shape import Checks, Unusable
from freshbits.signals.suites.syntax import bound, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_BUILTINS = frozenset(dir(builtins))


@lru_cache(maxsize=4096)
def from_list(tests: tuple[str, ...], entry: str = "", setup: str = "") -> Checks | Unusable:
    """Makes a suite of tests that stand by themselves, such as MBPP's `test_list`.

    Each is run in a fresh copy of what `setup` makes. One that is no Python stays in the list and is broken.

    >>> from_list(("assert f(1) == 2", "assert f(2) ==")).names
    ('f',)
    """
    if not any(test.strip() for test in tests):
        return Unusable("the list of tests is empty")
    trees = [parse(test) for test in tests]
    good = [tree for tree in trees if not isinstance(tree, str)]
    ready = _setup(good, setup)
    names, unknown = _names(good, entry, ready)
    sources = tuple(
        text
        if isinstance(tree, str)
        else _unfit(name)
        if (name := _missing(tree, unknown))
        else _source(_watched(tree), text)
        for text, tree in zip(tests, trees, strict=True)
    )
    return Checks(ready, sources, entry=entry, names=names, labels=tuple(map(_line, tests)), unknown=unknown)


@lru_cache(maxsize=4096)
def from_text(text: str, entry: str = "", setup: str = "") -> Checks | Unusable:
    """Makes a suite of one text.

    Where it defines `check`, that function is called with the entry point, and each of its statements that asserts is
    one test; the same for statements at the top level. Where it defines `test_…` functions without parameters or
    `unittest.TestCase` classes, each function is one test. An assert of a constant (`assert True`) is no test. A text
    that is no Python as a whole is read as one assert per line.

    >>> from_text("def check(candidate):\\n    assert candidate(1) == 2\\n    assert True", "f").labels
    ('assert candidate(1) == 2',)
    """
    tree = parse(text)
    if isinstance(tree, str):
        lines = tuple(line.strip() for line in text.splitlines() if line.strip().startswith("assert"))
        return from_list(lines, entry, setup) if lines else Unusable(f"the tests are no Python: {tree}")
    check = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "check"]
    if check and (entry == "check" or any(_reads(node, "check") for node in check[-1].body)):
        check[-1].name = "__check__"  # MBPP tests a function of this name: in the tests it means the candidate's
    ready = _setup([tree], setup)
    names, unknown = _names([tree], entry, ready)
    calls = _functions(tree)
    tree = _watched(tree)
    labels: list[str] = []
    if check:
        if not entry:
            return Unusable("the tests define check(candidate), but the row has no entry_point")
        tree.body = [node for node in tree.body if not _calls(node, "check")]
        calls = (f"{check[-1].name}(candidate)" if check[-1].args.args else f"{check[-1].name}()",)
        check[-1].body = _wrapped(check[-1].body, labels, unknown)
    elif not calls:
        tree.body = _wrapped(tree.body, labels, unknown)
        if not labels:
            return Unusable("the tests assert nothing")
    body = _source(tree, "")
    if not body:
        return Unusable("the tests cannot be written out again (an f-string too deep)")
    return Checks(ready, (), body, calls, bool(labels), entry, names, tuple(labels) or calls, unknown)


def _setup(trees: Sequence[ast.Module], setup: str) -> str:
    """Returns the setup, after imports of standard modules that the tests use (`math.isclose`) and nobody imports."""
    there = set().union(*(bound(tree) for tree in trees)) if trees else set()
    tree = parse(setup)
    there |= bound(tree) if not isinstance(tree, str) else set()
    used = {
        node.value.id
        for each in trees
        for node in ast.walk(each)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    inner = {name for each in trees for name in _bound_inside(each)}
    missing = sorted((used & sys.stdlib_module_names) - there - inner - _BUILTINS)
    return "\n".join([*(f"import {name}" for name in missing), setup]) if missing else setup


def _names(trees: Sequence[ast.Module], entry: str, setup: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Returns the names that stand for the candidate, and those that nobody defines.

    The candidate is the entry point; where there is none, or the tests never name it (in MBPP it may be a helper), it
    is whatever the tests call and nobody defines.
    """
    tree = parse(setup)
    there = _BUILTINS | (bound(tree) if not isinstance(tree, str) else set())
    there = there.union(*(_bound_inside(each) | bound(each) for each in trees))
    nodes = [node for each in trees for node in ast.walk(each)]
    read = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    called = {node.func.id: None for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    own = entry.split("(")[0].split(".")[0].strip()
    names = (own,) if read & {own, "candidate"} - {""} else tuple(name for name in called if name not in there)
    stars = any(isinstance(node, ast.alias) and node.name == "*" for each in (*trees, tree) for node in _walk(each))
    # What a star brings is not known before it runs.
    return names, () if stars else tuple(sorted(read - there - {"candidate", *names}))


def _walk(tree: ast.Module | str) -> Iterator[ast.AST]:
    return iter(()) if isinstance(tree, str) else ast.walk(tree)


def _bound_inside(tree: ast.AST) -> set[str]:
    """Returns every name bound anywhere below: variables of loops and functions, arguments, imports."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
            names.add(node.name or "")
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
    return names


def _missing(node: ast.AST, unknown: Sequence[str]) -> str:
    """Returns a name that a test reads and nobody defines: whatever the candidate does, the test cannot pass."""
    return next((part.id for part in ast.walk(node) if isinstance(part, ast.Name) and part.id in unknown), "")


def _unfit(name: str) -> str:
    message = f"name {name!r} is not defined"
    return f"raise NameError({message!r}, name={name!r})"


class _Watch(ast.NodeTransformer):
    """Lets a call whose value nobody reads (`f(numbers)`) show what it did to its arguments."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr:
        if isinstance(node.value, ast.Call):
            call = node.value
            call.func = ast.Call(ast.Name("__in_place__", ast.Load()), [call.func], [])
        return node


def _watched(tree: ast.Module) -> ast.Module:
    return ast.fix_missing_locations(_Watch().visit(tree))  # type: ignore[no-any-return]


def _wrapped(body: Sequence[ast.stmt], labels: list[str], unknown: Sequence[str]) -> list[ast.stmt]:
    """Wraps each statement that asserts in `with __unit__(n):` and drops asserts of constants."""
    done: list[ast.stmt] = []
    for node in body:
        if isinstance(node, ast.Assert) and isinstance(node.test, ast.Constant) and node.test.value:
            continue
        if not _asserts(node):
            done.append(node)
            continue
        call = ast.Call(ast.Name("__unit__", ast.Load()), [ast.Constant(len(labels))], [])
        name = _missing(node, unknown)
        inner = ast.parse(_unfit(name)).body if name else [node]
        done.append(ast.With([ast.withitem(call)], inner, lineno=0))
        labels.append(_line(ast.unparse(node)))
    return [*done, ast.Pass()]


def _asserts(node: ast.AST) -> bool:
    if isinstance(node, _SCOPES):
        return False
    return isinstance(node, ast.Assert) or any(_asserts(child) for child in ast.iter_child_nodes(node))


def _calls(node: ast.stmt, name: str) -> bool:
    """Tells whether a statement is nothing but `check(…)`, watched or not."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _reads(node.value.func, name)


def _reads(node: ast.AST, name: str) -> bool:
    return any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(node))


def _functions(tree: ast.Module) -> tuple[str, ...]:
    calls: list[str] = []
    for node in list(tree.body):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test") and not node.args.args:
            calls.append(f"{node.name}()")
        elif isinstance(node, ast.ClassDef) and any("TestCase" in ast.unparse(base) for base in node.bases):
            methods = [part.name for part in node.body if isinstance(part, ast.FunctionDef)]
            if "setUpClass" in methods:
                tree.body.extend(ast.parse(f"{node.name}.setUpClass()").body)
            calls += [f"{node.name}({name!r}).debug()" for name in methods if name.startswith("test")]
    return tuple(calls)


def _source(tree: ast.Module, otherwise: str) -> str:
    try:
        return ast.unparse(tree)
    except (ValueError, RecursionError):
        return otherwise


def _line(source: str) -> str:
    return " ".join(source.split())[:120]
