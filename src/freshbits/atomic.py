"""Files are written whole or not at all: to a temporary name in the same folder, then renamed."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from freshbits.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def replacing(path: Path, temporary: Path | None = None) -> Iterator[Path]:
    """Gives a temporary file beside `path`, which takes its place when the block ends without an error.

    Args:
        path: the file to write.
        temporary: the name of the temporary file, for callers that alone may write it; else a new one.

    Raises:
        InputError: if the folder cannot be written to.
    """
    try:
        if temporary is None:
            handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent or ".")
            os.close(handle)
            temporary = Path(name)
        else:
            temporary.write_bytes(b"")
    except OSError as error:
        raise InputError(f"cannot write here ({error.strerror})", file=path, mend="choose another place") from None
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
