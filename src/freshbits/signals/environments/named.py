"""Environments of several turns by name: what `task: {environment: NAME}` and `--option environment=NAME` mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freshbits.errors import InputError
from freshbits.rollouts.options import nearest
from freshbits.signals.environments.guess import Guess
from freshbits.signals.environments.gym import GymEnvironment
from freshbits.signals.environments.verifiers import Verifiers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freshbits.signals.environments.environment import Environment

VERIFIERS = "verifiers:"  # verifiers:NAME, an installed environment of the package verifiers
GYM = "reasoning_gym:"  # reasoning_gym:NAME, one turn


def environment(name: str, options: Mapping[str, Any]) -> Environment | None:
    """Makes an environment of several turns by its name; None where no environment has it.

    Raises:
        InputError: if it has no such option, or cannot be loaded.

    >>> environment("guess", {"width": 7, "turns": 3}).turns
    3
    >>> environment("sums", {}) is None
    True
    """
    if name == Guess.name:
        known = ("width", "turns")
        for key, value in options.items():
            if key not in known:
                raise InputError(f"guess has no option {key!r}{nearest(key, known)}", mend=f"it has {', '.join(known)}")
            if type(value) is not int:
                raise InputError(f"{key}: {value!r} is not a whole number", mend=f"write {key}: 4")
        return Guess(**options)
    if name.startswith(VERIFIERS):
        return Verifiers.from_options(name.removeprefix(VERIFIERS), options)
    if name.startswith(GYM):
        return GymEnvironment(name.removeprefix(GYM), dict(options))
    return None
