"""Reasoning Gym's own scorers, made safe to ask about untrusted answers; runs in a killable process only.

Some scorers evaluate the answer as Python: string_insertion, spiral_matrix, binary_matrix and n_queens by `eval`;
countdown, puzzle24, polynomial_multiplication, simple_integration and intermediate_integration by sympy's
`parse_expr`, which is an `eval` too; number_sorting and bitwise_arithmetic evaluate what the data set's entry holds.
Such an answer can run anything, and can read the solution: version 0.1.25 gives the answer `oracle_answer` a tenth of
the reward of string_insertion, and half that of n_queens to one that quotes `valid_solutions`.

So in this process their `eval` reads literals only (bitwise_arithmetic: arithmetic on integers), and their
`parse_expr` takes numbers, operators, one-letter names and elementary functions. What is refused counts as what the
scorer could not parse, so its score is that of a wrong answer. A data set whose module evaluates text and is not
listed here is refused.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from functools import lru_cache
from typing import Any

LITERAL = ("string_insertion", "spiral_matrix", "binary_matrix", "n_queens", "number_sorting")
ARITHMETIC = ("bitwise_arithmetic",)
SYMBOLIC = (
    "countdown", "puzzle24", "polynomial_multiplication", "simple_integration", "intermediate_integration",
)  # fmt: skip
# Evaluates text of its own when it makes entries, never an answer.
GENERATES = ("basic_arithmetic", "codeio", "gsm_symbolic", "propositional_logic")
_EVALUATES = re.compile(r"\b(?:eval|exec|parse_expr|sympify|__import__)\(")
_CHARACTERS = re.compile(r"[0-9A-Za-z.+\-*/^(),!\s]*")
_ATTRIBUTE = re.compile(r"[A-Za-z)]\s*\.|\.\s*[A-Za-z(]")
_FUNCTIONS = frozenset(
    ("sin", "cos", "tan", "sec", "csc", "cot", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh",
     "atanh", "exp", "log", "ln", "sqrt", "abs", "Abs", "pi", "erf", "alpha", "beta", "theta", "phi")
)  # fmt: skip
LONGEST = 2000


class UnscorableError(ValueError):
    """Says that a row cannot be scored, and why."""


class Absent(dict[str, Any]):
    """Stands for metadata that a row does not have, and remembers whether a scorer asked for any."""

    asked = False

    def __missing__(self, key: str) -> Any:
        self.asked = True
        raise KeyError(key)

    def get(self, key: str, default: Any = None) -> Any:
        """Remembers that it was asked."""
        self.asked = True
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self.asked = True
        return False


def scored(given: dict[str, Any]) -> Any:
    """Scores one answer, or makes the entries of a data set: the function that the killable process runs.

    Args:
        given: {dataset, config, prompt, gold, metadata, answer}; with `size` and no `answer` it is the setup, which
            imports the library, and makes so many entries of that data set and keeps them by their question.

    Returns:
        [score, None]; [0.0, why] where the scorer raises on this answer but not on the entry's own; [None, why] where
        the row cannot be scored.

    >>> scored({"dataset": "gcd", "config": {}, "prompt": "?", "gold": "4", "metadata": None, "answer": "4"})
    [1.0, None]
    >>> scored({"dataset": "jugs", "config": {}, "prompt": "?", "gold": "4", "metadata": None, "answer": "[]"})
    [None, 'the scorer of jugs needs metadata, which the row does not have']
    """
    if "size" in given:
        import reasoning_gym  # noqa: F401

        if given["size"]:
            _entries.update(generated(given["dataset"], given["config"], given["size"]))
        return len(_entries)
    try:
        data = dataset(given["dataset"], tuple(sorted(given["config"].items())))
        entry = _entry(given)
        # Asked of the data set, not of the row: a scorer that asks for metadata only sometimes would leave unscored a
        # choice of rows, and the rest would be no sample.
        if isinstance(entry["metadata"], Absent) and asks_for_metadata(data.__class__):
            raise UnscorableError(f"the scorer of {given['dataset']} needs metadata, which the row does not have")
    except UnscorableError as why:
        return [None, str(why)]
    try:
        score = data.score_answer(answer=given["answer"], entry=entry)
    except MemoryError:
        raise
    except Exception as fault:
        # Where it can score the entry's own answer, it is this answer that it cannot read: a wrong one.
        data.score_answer(answer=entry["answer"], entry=entry)
        return [0.0, f"the scorer cannot read it: {type(fault).__name__}"]
    metadata = entry["metadata"]
    if isinstance(metadata, Absent) and metadata.asked:
        return [None, f"the scorer of {given['dataset']} needs metadata, which the row does not have"]
    return [float(score), None]


_entries: dict[str, dict[str, Any]] = {}


def _entry(given: dict[str, Any]) -> dict[str, Any]:
    if _entries:
        prompt = " ".join(given["prompt"].split())
        found = _entries.get(prompt)
        inside = [one for question, one in _entries.items() if question in prompt] if found is None else [found]
        if len(inside) != 1:
            raise UnscorableError(
                "no entry of the data set has this question; are seed, size and config those of the log?"
            )
        return inside[0]
    if given["gold"] is None:
        raise UnscorableError("the row has no reference answer")
    metadata = given["metadata"]
    return {
        "question": given["prompt"],
        "answer": given["gold"],
        "metadata": Absent() if metadata is None else metadata,
    }


def generated(name: str, config: dict[str, Any], size: int) -> dict[str, dict[str, Any]]:
    """Makes the entries of a data set again; question, with white space normalised -> entry.

    >>> len(generated("gcd", {"seed": 1}, 3))
    3
    """
    made = dataset(name, tuple(sorted({**config, "size": size}.items())))
    return {" ".join(entry["question"].split()): entry for entry in (made[at] for at in range(size))}


@lru_cache(maxsize=128)
def dataset(name: str, config: tuple[tuple[str, Any], ...]) -> Any:
    """Returns the data set of that name, its scorer guarded.

    Raises:
        UnscorableError: no such data set, a config that it refuses, or a scorer that evaluates text unguarded.
    """
    import reasoning_gym
    from reasoning_gym.factory import DATASETS

    if name not in DATASETS:
        raise UnscorableError(f"Reasoning Gym has no data set {name!r}")
    _guard(name, sys.modules[DATASETS[name][0].__module__])
    try:
        return reasoning_gym.create_dataset(name, **dict(config))
    except (TypeError, ValueError, AssertionError) as error:
        raise UnscorableError(f"{name} refuses its config: {error}") from error


@lru_cache(maxsize=128)
def asks_for_metadata(kind: type) -> bool:
    """Returns whether the scorer of a class of data sets reads the entry's metadata.

    >>> from reasoning_gym.factory import DATASETS
    >>> asks_for_metadata(DATASETS["jugs"][0]), asks_for_metadata(DATASETS["gcd"][0])
    (True, False)
    """
    source = ast.parse(textwrap.dedent(inspect.getsource(kind.score_answer)))  # type: ignore[attr-defined]
    return any(isinstance(node, ast.Constant) and node.value == "metadata" for node in ast.walk(source))


def _guard(name: str, module: Any) -> None:
    if name in LITERAL:
        module.eval = ast.literal_eval
    elif name in ARITHMETIC:
        module.eval = arithmetic
    elif name in SYMBOLIC:
        # Some call `parse_expr`, some `sympy.parse_expr`; sympy itself uses neither of these two names.
        import sympy

        sympy.parse_expr = symbolic
        if hasattr(module, "parse_expr"):
            module.parse_expr = symbolic
    elif name not in GENERATES and evaluates(inspect.getsource(module)):
        raise UnscorableError(f"{name} evaluates text as Python, in a way that is not known to be safe")


def evaluates(source: str) -> bool:
    """Returns whether source code evaluates text as Python.

    >>> evaluates("eval(answer)"), evaluates("json.loads(answer)")
    (True, False)
    """
    return _EVALUATES.search(source) is not None


def arithmetic(text: str) -> int:
    """Evaluates integers with + - * << >> & | ^ and nothing else.

    Raises:
        ValueError: anything else, or a shift by more than 10,000.

    >>> arithmetic("((0x3a5c + 0xf1) << 0x1)")
    30362
    """

    def value(node: ast.expr) -> int:
        match node:
            case ast.Constant(value=int() as number):
                return int(number)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return -value(inner)
            case ast.BinOp(left=left, op=op, right=right):
                one, two = value(left), value(right)
                if isinstance(op, (ast.LShift, ast.RShift)) and not 0 <= two <= 10_000:
                    raise ValueError("a shift too far")
                match op:
                    case ast.Add():
                        return one + two
                    case ast.Sub():
                        return one - two
                    case ast.Mult():
                        return one * two
                    case ast.LShift():
                        return one << two
                    case ast.RShift():
                        return one >> two
                    case ast.BitAnd():
                        return one & two
                    case ast.BitOr():
                        return one | two
                    case ast.BitXor():
                        return one ^ two
        raise ValueError("no arithmetic on integers")

    return value(ast.parse(text, mode="eval").body)


def symbolic(text: str, local_dict: dict[str, Any] | None = None, **more: Any) -> Any:
    """Parses an expression by sympy, where it holds nothing but mathematics.

    Raises:
        ValueError: another character, or a name that is neither one letter, nor an elementary function, nor declared.

    >>> symbolic("2*x + sin(x)")
    2*x + sin(x)
    """
    from sympy.parsing.sympy_parser import parse_expr

    if len(text) > LONGEST or _CHARACTERS.fullmatch(text) is None or _ATTRIBUTE.search(text):
        raise ValueError("no mathematics")
    names = set(re.findall(r"[A-Za-z]+", text))
    if any(len(one) > 1 and one not in _FUNCTIONS and one not in (local_dict or {}) for one in names):
        raise ValueError("a name that is no mathematics")
    return parse_expr(text, local_dict=local_dict, **more)
