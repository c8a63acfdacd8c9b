"""How a completion becomes a program: by itself, as the continuation of its prompt, or out of a fence."""

from __future__ import annotations

import ast
import re

from freshbits.errors import InputError
from freshbits.rollouts.options import nearest
from freshbits.signals.suites.syntax import bound, parse, preamble

JOINS = ("auto", "prompt+completion", "completion", "fence")

_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*([\w+.#-]*)[^\n`]*\n(.*?)(?:^[ \t]*\1[`~]*[ \t]*$|\Z)", re.S | re.M)
_THOUGHT = "</think>"


def program(prompt: str, completion: str, entry: str = "", join: str = "auto") -> str:
    r"""Returns the program that a completion stands for.

    `entry` is the function that tests call ("f"; of "Solution().f" the class counts); without one (programs that
    read and write) the prompt is never a part of the program. What stands before the last `</think>` is left out.

    - `completion`: the completion as it is.
    - `prompt+completion`: the prompt, then the completion, as a base model continues it.
    - `fence`: the last fenced block that defines the entry point, else the last block, else the completion.
    - `auto`: the first of these that is Python and defines the entry point:
      (1) the completion, (2) prompt + completion, (3) the same without the entry point's docstring, whose indentation
      may differ from the body's, (4) to (6) likewise with a fenced block instead of the completion, the last first
      (a continuation must give the entry point a body: a docstring alone is none);
      where none does, prompt + completion if the prompt by itself is Python, else the last block, else the completion.
      Without an entry point: the completion if it is Python, else the last block that is, else the completion.

    Code that defines the entry point itself (1, 4 and `fence`) comes after the imports and helper functions that the
    prompt defines, where the prompt is Python, because a chat model does not repeat them; its own definitions win.

    Nothing is executed here. What it does NOT mend: wrong indentation, prose around code without a fence.

    Raises:
        InputError: `join` is none of the four.

    >>> program("def f(x):\n    '''One more.'''\n", "    return x + 1\n", "f")
    "def f(x):\n    '''One more.'''\n    return x + 1\n"
    >>> program("import math\ndef f(x):\n    '''Root.'''\n", "Sure:\n```python\ndef f(x): return math.e\n```", "f")
    'import math\ndef f(x): return math.e\n'
    """
    text = completion.rpartition(_THOUGHT)[2]
    name = entry.split("(")[0].split(".")[0].strip()
    if join == "completion":
        return text
    if join == "prompt+completion":
        return prompt + text
    if join == "fence":
        blocks = fenced(text)
        found = next((block for block in blocks if _defines(block, name)), None)
        return _after_preamble(prompt, found, name) if found is not None else (blocks or [text])[0]
    if join != "auto":
        raise InputError(
            f"--option join={join} is no way to join" + nearest(join, JOINS), mend=f"choose one of {', '.join(JOINS)}"
        )
    return _auto(prompt, text, name) if name else _alone(text)


def fenced(text: str) -> list[str]:
    r"""Returns the contents of the fenced blocks of a text, the last first; an open fence reaches to the end.

    Blocks in a language other than Python are left out where any block is marked as Python or not marked at all.

    >>> fenced("```python\na = 1\n```\nthen\n```sh\npython a.py\n```\nand\n```\nb = 2")
    ['b = 2', 'a = 1\n']
    """
    blocks = [(language.lower(), code) for _, language, code in _FENCE.findall(text)]
    python = [code for language, code in blocks if language in ("", "python", "py", "python3", "python2", "py3")]
    return (python or [code for _, code in blocks])[::-1]


def _auto(prompt: str, text: str, name: str) -> str:
    blocks = fenced(text)
    for codes in ([text], blocks):
        for code in codes:
            if _defines(code, name):
                return _after_preamble(prompt, code, name)
        for code in codes:
            for start in (prompt, _without_docstring(prompt, name)):
                if start and _continues(start + code, name):
                    return start + code
    if not isinstance(parse(prompt), str) or not blocks:
        return prompt + text if not isinstance(parse(prompt), str) else text
    return blocks[0]


def _alone(text: str) -> str:
    if not isinstance(parse(text), str):
        return text
    blocks = fenced(text)
    return next((block for block in blocks if not isinstance(parse(block), str)), (blocks or [text])[0])


def _defines(code: str, name: str) -> bool:
    tree = parse(code)
    return not isinstance(tree, str) and name in bound(tree)


def _continues(code: str, name: str) -> bool:
    """Tells whether the entry point has a body: more than the docstring that the prompt ends in."""
    tree = parse(code)
    body = [] if isinstance(tree, str) else tree.body
    found = [node for node in body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name]
    if not found:
        return _defines(code, name)
    first = found[-1].body[0]
    return len(found[-1].body) > 1 or not (isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant))


def _without_docstring(prompt: str, name: str) -> str:
    """Returns a prompt that ends in the docstring of the entry point, up to that docstring; else nothing."""
    tree = parse(prompt)
    last = tree.body[-1] if not isinstance(tree, str) and tree.body else None
    if not isinstance(last, ast.FunctionDef) or last.name != name or len(last.body) > 1:
        return ""
    start = last.body[0].lineno
    return "".join(prompt.splitlines(keepends=True)[: start - 1]) if start > last.lineno else ""


def _after_preamble(prompt: str, code: str, name: str) -> str:
    before = preamble(prompt, name)
    if not before:
        return code
    future = any(
        isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in getattr(parse(code), "body", [])
    )
    # `from __future__` must stand first; then the code brings what it needs.
    return code if future else before + "\n" + code
