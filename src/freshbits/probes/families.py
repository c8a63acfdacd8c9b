"""The families of probes, and which of them can run here."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from freshbits.errors import InputError
from freshbits.probes.ngram import ngram_margins

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from freshbits.probes.targets import Target
    from freshbits.probes.tokens import Tokens

FAMILIES = ("ngram", "cnn", "gru", "transformer")


def installed() -> tuple[str, ...]:
    """Returns the families that can run here: all of them with torch, else the n-gram probe.

    >>> installed()[0]
    'ngram'
    """
    return FAMILIES if find_spec("torch") is not None else FAMILIES[:1]


def chosen(probe: str) -> tuple[str, ...]:
    """Returns the families that an option names: "auto" all that can run, "none" none, else the one of that name.

    Raises:
        InputError: for an unknown name, or a family that needs torch where it is not installed.

    >>> chosen("none"), chosen("ngram")
    ((), ('ngram',))
    """
    if probe == "none":
        return ()
    if probe == "auto":
        return installed()
    if probe not in FAMILIES:
        raise InputError(f"{probe!r} is no probe", mend=f"choose auto, none or one of {', '.join(FAMILIES)}")
    if probe not in installed():
        raise _missing(probe)
    return (probe,)


def margins(
    family: str, first: Tokens, second: Tokens, asked: Sequence[Target], seed: int
) -> list[NDArray[np.float64]]:
    """Runs one family's pass: for each target the margins before each update, in the order met.

    Raises:
        InputError: if the family needs torch and it is not installed.
    """
    if family == "ngram":
        return ngram_margins(first, second, asked, seed)
    if find_spec("torch") is None:
        raise _missing(family)
    from freshbits.probes.onepass import network_margins

    return network_margins(family, first, second, asked, seed)


def _missing(family: str) -> InputError:
    return InputError(f"the {family} probe needs torch", mend="pip install 'freshbits[torch]', or use --probe ngram")
