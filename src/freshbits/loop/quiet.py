"""Silence around libraries that print bars, tables and warnings which say nothing to a person who runs a loop."""

from __future__ import annotations

import contextlib
import os
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silences transformers, datasets and trainers inside the block; errors pass."""
    import datasets
    import transformers

    logging: Any = transformers.utils.logging
    level = logging.get_verbosity()
    bars = (logging.is_progress_bar_enabled(), not datasets.utils.are_progress_bars_disabled())
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    datasets.utils.disable_progress_bars()
    try:
        with (
            warnings.catch_warnings(),
            open(os.devnull, "w", encoding="utf-8") as nowhere,  # noqa: PTH123  a device, no path
            contextlib.redirect_stdout(nowhere),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        if bars[0]:
            logging.enable_progress_bar()
        if bars[1]:
            datasets.utils.enable_progress_bars()
