"""From a declared task to the task itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freshbits.errors import InputError
from freshbits.loop.tasks.sums import SIGNS, Sums
from freshbits.loop.tasks.turns import TAKEN, Turns
from freshbits.rollouts.options import nearest

if TYPE_CHECKING:
    from freshbits.loop.parts import Task as Declared
    from freshbits.loop.tasks.task import Task

DOMAINS = {**{name: (name,) for name in SIGNS}, "sums_and_differences": tuple(SIGNS)}
SIZE = 100


def build(declared: Declared) -> Task:
    """Makes the task that a loop declares: sums, an environment of several turns, a set of reasoning-gym, or rows.

    Raises:
        InputError: if there is no such task, or it cannot be run.
    """
    if declared.world is not None:
        raise InputError(
            f"the world {declared.world!r} is enumerated, not trained on",
            mend="use freshbits.loop.exact, or write environment: sums",
        )
    if declared.dataset is not None:
        from freshbits.loop.tasks.rows import read_rows

        return read_rows(declared)
    name = str(declared.environment)
    if name in DOMAINS:
        return _sums(declared, DOMAINS[name])
    from freshbits.signals.environments.named import environment

    options = {key: value for key, value in declared.options.items() if key not in TAKEN}
    found = environment(name, options)
    if found is not None:
        return Turns.of(found, declared.size or SIZE, declared.seed, declared.held_out, declared.options)
    from freshbits.loop.tasks.gym import Gym

    return Gym.of(name, declared.size or SIZE, declared.seed, declared.held_out, dict(declared.options))


def _sums(declared: Declared, domains: tuple[str, ...]) -> Sums:
    options: dict[str, Any] = dict(declared.options)
    known = {"accepted": int, "tail": bool}
    for name, value in options.items():
        if name not in known:
            raise InputError(
                f"sums have no option {name!r}{nearest(name, known)}", mend=f"they have {', '.join(known)}"
            )
        if type(value) is not known[name]:
            raise InputError(f"{name}: {value!r} is not {'a number' if known[name] is int else 'true or false'}")
    return Sums(declared.size or SIZE, declared.seed, domains, held_out_share=declared.held_out, **options)
