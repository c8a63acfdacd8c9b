"""Splits of a data set that lie in one folder: they are read together, and that is said."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# The Hugging Face hub names shards train-00000-of-00003.parquet; a DatasetDict saved to disk has a folder per split.
SHARD = re.compile(r"(?P<split>[A-Za-z]\w*)-\d{5}-of-\d{5}(-[0-9a-f]+)?\.\w+$")
SAVED = "dataset_dict.json"


def splits(files: Sequence[Path]) -> list[str]:
    """Returns the names of the splits that files belong to, in order; empty where they tell of none.

    >>> from pathlib import Path
    >>> splits([Path("data/train-00000-of-00002.parquet"), Path("data/test-00000-of-00001.parquet")])
    ['train', 'test']
    """
    found: dict[str, None] = {}
    for file in files:
        shard = SHARD.fullmatch(file.name)
        if (file.parent.parent / SAVED).is_file():
            found[file.parent.name] = None
        elif shard is not None and shard["split"] != "data":
            found[shard["split"]] = None
    return list(found)
