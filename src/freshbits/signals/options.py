"""Options of signals as `--option key=value` gives them: known, read, checked; and the key of a signal."""

from __future__ import annotations

import math
from dataclasses import fields
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from freshbits.errors import InputError
from freshbits.rollouts.options import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def known(signal: str, options: Mapping[str, str], names: Sequence[str]) -> None:
    """Refuses options that a signal does not have.

    Raises:
        InputError: an unknown option; names the nearest known one.

    >>> known("exact", {"read": "boxed"}, ["read"])
    """
    for name in options:
        if name not in names:
            raise InputError(
                f"--option {name}: the signal {signal} has no such option{nearest(name, names)}",
                mend=f"choose from {', '.join(names)}" if names else f"pass none to {signal}",
            )


def one_of(options: Mapping[str, str], name: str, allowed: Sequence[str], default: str) -> str:
    """Reads an option that has few values.

    Raises:
        InputError: another value.

    >>> one_of({"several": "last"}, "several", ["refuse", "last"], "refuse")
    'last'
    """
    value = options.get(name, default)
    if value not in allowed:
        raise InputError(
            f"--option {name}={value}: {value!r} is no value of it{nearest(value, allowed)}",
            mend=f"choose from {', '.join(allowed)}",
        )
    return value


def number(options: Mapping[str, str], name: str, default: float, *, positive: bool = False) -> float:
    """Reads an option that is a finite number, at least zero (above zero where `positive`).

    Raises:
        InputError: no such number.

    >>> number({"tolerance": "1e-6"}, "tolerance", 0.0)
    1e-06
    """
    text = options.get(name)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0 or (positive and value == 0):
        least = "a number above 0" if positive else "a number of at least 0"
        raise InputError(f"--option {name}={text} is not {least}", mend=f"write it like --option {name}=0.5")
    return value


def require(signal: str, *packages: str) -> None:
    """Refuses a signal whose package is not installed; packages are named as they are imported.

    Raises:
        InputError: a package is missing.

    >>> require("math", "json")
    """
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise InputError(f"the signal {signal} needs {', '.join(missing)}", mend="pip install 'freshbits[signals]'")


def key_of(signal: Any, *versions: str) -> str:
    """Returns what a frozen signal's verdicts depend on besides the item: its name, options and versions.

    >>> from freshbits.signals.exact import Exact
    >>> key_of(Exact())
    "exact(read='whole', several='refuse')"
    """
    options = ", ".join(f"{f.name}={getattr(signal, f.name)!r}" for f in fields(signal) if f.compare)
    return " ".join([f"{signal.name}({options})", *versions])
