"""The signals that freshbits brings, by name: what `--signal NAME` means."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from freshbits.errors import InputError
from freshbits.rollouts.options import nearest
from freshbits.signals.choice import Choice
from freshbits.signals.controls.moved import Moved
from freshbits.signals.controls.random import Random
from freshbits.signals.environments.signal import EnvironmentSignal
from freshbits.signals.exact import Exact
from freshbits.signals.json_schema import JsonSchema
from freshbits.signals.math import Math
from freshbits.signals.normalised import Normalised
from freshbits.signals.numeric import Numeric
from freshbits.signals.own_state.confidence import Confidence
from freshbits.signals.own_state.logprob import Logprob
from freshbits.signals.own_state.majority import Majority
from freshbits.signals.own_state.self_judge import SelfJudge
from freshbits.signals.reasoning_gym import ReasoningGym
from freshbits.signals.regex import Regex
from freshbits.signals.rubric.signal import RubricSignal
from freshbits.signals.unit_tests import UnitTests

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freshbits.signals.signal import Signal


class Named(Protocol):
    """Describes a class of signals that the command line can make."""

    name: ClassVar[str]

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> Signal:
        """Makes the signal as `--option key=value` says."""
        ...


SIGNALS: tuple[type[Named], ...] = (
    Exact, Normalised, Choice, Numeric, Regex, JsonSchema, Math, UnitTests, ReasoningGym, EnvironmentSignal,
    Majority, Confidence, Logprob, SelfJudge, RubricSignal, Random, Moved,
)  # fmt: skip

WITH_MODEL = (Logprob.name, SelfJudge.name, RubricSignal.name)
"""Those that `--model` is for."""


def make(name: str, options: Mapping[str, str] | None = None) -> Signal:
    """Makes a signal by its name.

    Raises:
        InputError: if no signal has this name, or it has no such option.

    >>> make("majority").origin
    'own_state'
    """
    for found in SIGNALS:
        if found.name == name:
            return found.from_options(options or {})
    names = [found.name for found in SIGNALS]
    raise InputError(
        f"--signal {name}: there is no such signal" + nearest(name, names), mend=f"choose one of {', '.join(names)}"
    )


def parse_settings(texts: Sequence[str], names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Reads `key=value`, where one signal is applied, or `NAME.key=value`.

    Raises:
        InputError: if it is not of this form, or does not say which of several signals it is for.

    >>> parse_settings(["read=boxed"], ["exact"]), parse_settings(["a.x=1"], ["a", "b"])
    ({'exact': {'read': 'boxed'}}, {'a': {'x': '1'}, 'b': {}})
    """
    found: dict[str, dict[str, str]] = {name: {} for name in names}
    for text in texts:
        place, equals, value = text.partition("=")
        name, dot, key = place.strip().partition(".")
        if not equals or not place.strip():
            raise InputError(f"--option {text!r} is not KEY=VALUE", mend="write it like --option read=boxed")
        if not dot and len(found) == 1:
            name, key = names[0], place.strip()
        elif not dot:
            raise InputError(
                f"--option {text}: which of {', '.join(names)} is it for?", mend=f"write it like {names[0]}.{text}"
            )
        if name not in found:
            raise InputError(
                f"--option {text}: {name} is not applied" + nearest(name, names), mend=f"choose from {', '.join(names)}"
            )
        found[name][key] = value
    return found


def parse_names(texts: Sequence[str], signals: Sequence[str]) -> dict[str, str]:
    """Reads `SIGNAL=NAME`, or just `NAME` where one signal is applied.

    Raises:
        InputError: if it does not say which of several signals it is for.

    >>> parse_names(["vote"], ["majority"])
    {'majority': 'vote'}
    """
    found: dict[str, str] = {}
    for text in texts:
        signal, equals, name = text.partition("=")
        if not equals and len(signals) == 1:
            signal, name = signals[0], text
        if not name or signal not in signals:
            raise InputError(f"--as {text}: is not SIGNAL=NAME", mend=f"write it like --as {signals[0]}=NAME")
        found[signal] = name
    return found
