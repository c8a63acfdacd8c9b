"""Names of what is scored: equal contents have equal verdicts, so each content is scored once."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freshbits.signals.signal import Item, Signal

KEY_BYTES = 16


def keys_of(signal: Signal, items: Sequence[Item]) -> list[bytes]:
    """Returns the key of each item: 16 bytes of SHA-256 over the signal's key and all that the item holds.

    Where a verdict depends on the whole group, so does the key: on the group's name, its items and their order.

    Args:
        signal: its `key` and `whole_groups` are used.
        items: any items; of a signal of whole groups exactly one group.
    """
    start = sha256(_framed([signal.name, signal.key]))
    if signal.whole_groups:
        for item in items:
            start.update(_framed([item.group, *_parts(item)]))
        contents: list[bytes] = [place.to_bytes(8, "little") for place in range(len(items))]
    else:
        contents = [_framed(_parts(item)) for item in items]
    keys = []
    for content in contents:
        digest = start.copy()
        digest.update(content)
        keys.append(digest.digest()[:KEY_BYTES])
    return keys


def _parts(item: Item) -> list[str | None]:
    fields = json.dumps(item.fields, sort_keys=True, default=str) if item.fields else None
    return [item.prompt, item.completion, item.answer, fields]


def _framed(texts: Sequence[str | None]) -> bytes:
    """Joins texts so that no two lists of texts give the same bytes: each behind its length, None as -1."""
    parts = []
    for text in texts:
        raw = b"" if text is None else text.encode("utf-8", "surrogatepass")
        parts.append(b"%d:" % (-1 if text is None else len(raw)) + raw)
    return b"".join(parts)
