"""The prompts of a log with their golds: what is checked before a signal is trusted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from freshbits.errors import InputError
from freshbits.rollouts.options import ReadOptions
from freshbits.rollouts.read import read
from freshbits.signals.gold import Gold, check_gold
from freshbits.signals.hardening import harden
from freshbits.signals.items import asked_columns, fields_of, items_of, read_columns
from freshbits.signals.stated import quoted

if TYPE_CHECKING:
    from freshbits.rollouts.log import Log
    from freshbits.signals.hardening import Hardening
    from freshbits.signals.signal import Item, Signal


class Prompt(NamedTuple):
    """Holds the first row of a prompt: as an item, its reference completion, and what it is called."""

    item: Item
    reference: str | None
    called: str


def prompts_of(log: Log, signal: Signal) -> list[Prompt]:
    """Returns one row per distinct prompt and reference answer, with the columns that the signal needs."""
    fields = fields_of(signal, log.schema)
    columns = read_columns([signal], log.schema) + [name for name in ("reference",) if name in log.schema]
    met: set[tuple[str, str | None]] = set()
    found: list[Prompt] = []
    row = 0
    for batch in log.batches(list(dict.fromkeys(columns))):
        references = batch["reference"].to_list() if "reference" in batch.columns else [None] * batch.height
        ids = batch["prompt_id"].to_list() if "prompt_id" in batch.columns else [None] * batch.height
        for item, reference, name in zip(items_of(batch, fields), references, ids, strict=True):
            row += 1
            if item is None or (item.prompt, item.answer) in met:
                continue
            met.add((item.prompt, item.answer))
            found.append(Prompt(item, reference, f"row {row}" if name is None else f"prompt_id {name!r}"))
    return found


def require_golds(log: Log, signal: Signal) -> Gold:
    """Checks that a signal accepts what the log says is right, before it judges completions.

    Raises:
        InputError: a gold is rejected, or there is none to check; names the first by its id.
    """
    prompts = prompts_of(log, signal)
    references = [prompt.reference for prompt in prompts] if "reference" in log.schema else None
    gold = check_gold(signal, [prompt.item for prompt in prompts], references)
    if gold.prompts == 0:
        raise InputError(
            f"--gold: no row has a gold answer for {signal.name}",
            mend="map one: --map answer=COLUMN or reference=COLUMN",
        )
    # A signal that can score none of the golds has not been checked either.
    faults = gold.rejected or (gold.unscored if gold.accepted == 0 else ())
    if faults:
        first = faults[0]
        what = "rejects" if gold.rejected else "cannot score"
        raise InputError(
            f"{signal.name} {what} {len(faults):,} of {gold.prompts:,} gold answers, first that of "
            f"{prompts[first.row].called}: gold {quoted(first.gold)}: {first.evidence}",
            mend="mend the reference or the signal's options, or leave out --gold",
        )
    return gold


def harden_on(source: Any, signal: Signal, options: ReadOptions | None = None) -> Hardening:
    """Probes a signal with degenerate completions for the prompts of a log; its completions are not looked at.

    Raises:
        InputError: the log cannot be read, or lacks what the signal needs.
    """
    given = options or ReadOptions()
    log = read(source, replace(given, unscored=True, columns=(*given.columns, *asked_columns([signal]))))
    prompts = prompts_of(log, signal)
    references = [prompt.reference for prompt in prompts] if "reference" in log.schema else None
    return harden(signal, [prompt.item for prompt in prompts], references)
