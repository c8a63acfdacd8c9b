"""Reading Python that nobody has vouched for: it is parsed, never run, and no fault of the parser gets out."""

from __future__ import annotations

import ast
import threading
import warnings

LONGEST = 400_000  # characters; what is longer is no program to be judged

_ONE = threading.Lock()  # filters of warnings belong to the whole process


def parse(source: str) -> ast.Module | str:
    """Returns the tree of a source, or why it is none, in a few words.

    Nothing is executed. Depth and length are bounded by the parser and by `LONGEST`.

    >>> parse("def f(:")
    'SyntaxError: invalid syntax (line 1)'
    >>> parse("x = 1").body[0].lineno
    1
    """
    if len(source) > LONGEST:
        return f"it has {len(source):,} characters, more than {LONGEST:,}"
    try:
        with _ONE, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
            # `return` outside a function and the like are found by the compiler only.
            compile(tree, "program", "exec", dont_inherit=True)
    except SyntaxError as error:
        where = f" (line {error.lineno})" if error.lineno else ""
        return f"{type(error).__name__}: {error.msg}{where}"
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return f"{type(error).__name__}: {error}"
    return tree


def bound(tree: ast.Module) -> set[str]:
    """Returns the names that the statements of a module bind at its top level.

    >>> sorted(bound(parse("import a.b\\nfrom c import d as e\\nf = g = 1\\ndef h(): i = 1")))
    ['a', 'e', 'f', 'g', 'h']
    """
    names: set[str] = set()
    stack: list[ast.AST] = list(tree.body)
    while stack:
        node = stack.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
            continue
        if isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        if isinstance(node, ast.ExceptHandler) and node.name:
            names.add(node.name)
        stack.extend(ast.iter_child_nodes(node))
    return names


def preamble(source: str, entry: str) -> str:
    """Returns what a prompt written in Python defines besides the entry point: imports and helpers; else nothing.

    >>> preamble("import math\\ndef half(x): return x / 2\\ndef f(x):\\n    '''Quarter.'''\\n", "f")
    'import math\\n\\ndef half(x):\\n    return x / 2'
    >>> preamble("Write a function f.", "f")
    ''
    """
    tree = parse(source)
    if isinstance(tree, str):
        return ""
    kept = [
        node
        for node in tree.body
        if not (isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.name == entry)
        and not isinstance(node, ast.Expr)
    ]
    return ast.unparse(ast.Module(kept, []))
