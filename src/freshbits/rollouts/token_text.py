"""Text of token ids: by the model's own tokenizer where it is at hand, else spelled id by id."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Reading = Callable[[Sequence[int]], str]

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def spelled(ids: Sequence[int]) -> str:
    """Returns a stable text of token ids: one word of letters per id, so that no number is read in it.

    >>> spelled([0, 27, 151645])
    'a ab hphn'
    """
    return " ".join(map(_word, ids))


def reading(model: str | None, beside: Path) -> Reading | None:
    """Returns what turns token ids into text: `tokenizer.json` beside the log, in the model's directory or the cache.

    Special tokens are left out, as trainers do that log text. Nothing is downloaded and no code of a model is run.
    None where no such file is found or the package `tokenizers` is not installed.
    """
    file = next((place for place in _places(model, beside) if place.is_file()), None)
    if file is None:
        return None
    try:
        from tokenizers import Tokenizer
    except ImportError:
        return None
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception:  # the package raises bare exceptions for a file that is no tokenizer
        return None
    return partial(_decoded, tokenizer.decode)


def _decoded(decode: Callable[..., str], ids: Sequence[int]) -> str:
    return decode(list(ids), skip_special_tokens=True)


def _word(number: int) -> str:
    letters = ""
    number = abs(int(number))
    while True:
        number, left = divmod(number, len(LETTERS))
        letters = LETTERS[left] + letters
        if not number:
            return letters
        number -= 1  # no id is a prefix of zeros of another: a, …, z, aa, …


def _places(model: str | None, beside: Path) -> list[Path]:
    """Returns where the tokenizer's file may stand, nearest first."""
    places = [beside / "tokenizer.json", beside / "tokenizer" / "tokenizer.json"]
    if not model:
        return places
    places.append(Path(model) / "tokenizer.json")
    home = Path(os.environ.get("HF_HOME", Path.home() / ".cache" / "huggingface"))
    cache = Path(os.environ.get("HF_HUB_CACHE", home / "hub"))
    held = cache / f"models--{model.replace('/', '--')}" / "snapshots"
    return places + sorted(held.glob("*/tokenizer.json"), reverse=True)
