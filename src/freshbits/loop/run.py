"""Runs a declared loop: generate, score, train, again; every round metered and on disk before the next begins."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from freshbits.errors import InputError
from freshbits.loop.meter import LedgerRow, ledger
from freshbits.loop.rounds import LEDGER, ROLLOUTS, Rounds, write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freshbits.loop.declare import Loop
    from freshbits.loop.given import Given
    from freshbits.loop.rounding import Rounding

Control = Literal["fresh", "frozen", "random"]
LIBRARIES = ("torch", "transformers", "trl", "peft")


@dataclass(frozen=True, kw_only=True)
class Run:
    """Holds a loop that was run.

    Attributes:
        name: the loop's name.
        directory: where its rounds lie.
        control: the control that was run in its place, if one was.
        rounds: the ledger, one row per round.
    """

    name: str
    directory: str
    control: str | None
    rounds: tuple[LedgerRow, ...]

    def to_json(self) -> dict[str, Any]:
        """Returns the run as plain data: `{rounds: [{round, accuracy, distinct, contrast_bits, …}]}`."""
        return {"name": self.name, "directory": self.directory, "control": self.control, **ledger(self.rounds)}

    def dumps(self) -> str:
        """Returns the run as JSON text."""
        import json

        return json.dumps(self.to_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def run(
    loop: Loop | str | Path,
    out: str | Path,
    *,
    resume: bool = False,
    control: Control | None = None,
    signals: Mapping[str, Given] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Run:
    """Runs a loop and returns its ledger; every round is on disk, whole, before the next begins.

    A killed run is taken up with `resume=True` and ends in the same bytes, on the same machine and versions: every
    round is a function of the round before and the seed. Random numbers are those of the loop's seed and the round.

    Args:
        loop: the declaration, or the file that holds it.
        out: the directory of the run.
        resume: go on with the run that lies there.
        control: `frozen` trains nothing: the null; `fresh` trains on the task's own true completions, drawn anew, as
            many and as long: what further training does by itself; `random` keeps the loop and draws every signal's
            scores by lot from its own of the round: what selection without information does.
        signals: signals written in Python that score in the place of declared ones of these names: a signal of
            `freshbits.signals`, or a function of (prompts, rows of the round in canonical columns) that returns one
            score per row, None for unscored. The record of the run keeps their `key` (or the function's name), and a
            run is resumed with the same only.
        progress: called with what is being done, in words.

    Raises:
        InputError: if the loop cannot be run, a signal given is not declared or declared as something else, or the
            directory holds something else.
    """
    from freshbits.loop.declare import Loop
    from freshbits.loop.given import check_given

    declared = loop if isinstance(loop, Loop) else Loop.read(loop)
    control_named(control)
    check_given(declared, signals or {})
    _have_libraries()
    from freshbits.loop.rounding import Rounding

    rounds = Rounds(Path(out))
    rounds.begin(_settings(declared, control, signals or {}), resume=resume)
    work = Rounding.of(declared, control, signals)
    with work.one_thread():
        for number in range(rounds.done, declared.train.rounds + 1):
            row = _round(work, rounds, number)
            if progress is not None:
                progress(_told(row, declared.train.rounds))
    rows = [LedgerRow.from_json(rounds.ledger(number)) for number in range(declared.train.rounds + 1)]
    return Run(name=declared.name, directory=str(out), control=control, rounds=tuple(rows))


def control_named(name: str | None) -> Control | None:
    """Returns the control of this name; None for none.

    Raises:
        InputError: if there is no such control.
    """
    for control in get_args(Control):
        if name == control:
            found: Control = control
            return found
    if name is None:
        return None
    raise InputError(f"there is no control {name!r}", mend=f"choose one of {', '.join(get_args(Control))}")


def _round(work: Rounding, rounds: Rounds, number: int) -> LedgerRow:
    with rounds.writing(number) as folder, tempfile.TemporaryDirectory() as scratch:
        trained = work.train(rounds, number, folder, Path(scratch)) if number else {}
        model = work.model(number, folder)
        chosen, spent = work.chosen(rounds, number)
        rows = chosen.write(model, number)
        rows.write_parquet(folder / ROLLOUTS)
        row = work.meter(model, rows, rounds, {**trained, **spent})
        write_json(row.to_json(), folder / LEDGER)
    if number and not work.keeps_all(model):
        rounds.drop_weights(number - 1)
    return row


def _told(row: LedgerRow, last: int) -> str:
    parts = [f"round {row.round} of {last}"]
    held_out = row.evaluation.get("held_out_accuracy")
    if held_out is not None:
        parts.append(f"accuracy on held-out prompts {held_out:.3f}")
    if row.accuracy is not None and row.accuracy.value is not None:
        parts.append(f"of its rollouts {row.accuracy.value:.3f}")
    if row.contrast_bits is not None and row.contrast_bits.value is not None:
        parts.append(f"contrast {row.contrast_bits.value:.2f} bit per rollout")
    return ", ".join(parts)


def _settings(loop: Loop, control: str | None, given: Mapping[str, Given]) -> dict[str, Any]:
    """Returns what a resumed run must share with the one that began: the loop, the control, the versions."""
    from freshbits.loop.given import keys
    from freshbits.loop.recorded import recorded
    from freshbits.version import __version__

    return {
        "freshbits": __version__,
        "loop": loop.data(),
        "control": control,
        "seed": loop.seed,
        **recorded(loop, control),
        **({"given": keys(given)} if given else {}),
        "versions": {name: _version(name) for name in LIBRARIES},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _have_libraries() -> None:
    missing = [name for name in LIBRARIES if _version(name) is None]
    if missing:
        raise InputError(f"running a loop needs {', '.join(missing)}", mend="pip install 'freshbits[loop]'")
