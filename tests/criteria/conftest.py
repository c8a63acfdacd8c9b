"""Evidence made from the rows of a world, without a detour over files."""

import pytest
from threadpoolctl import threadpool_limits

from freshbits.criteria.inputs import Evidence
from freshbits.rollouts.log import Log
from freshbits.rollouts.schema import EXTRA, conform
from freshbits.tally.local import tally


def _evidence(frame, **facts):
    rows = conform(frame.drop([name for name in frame.columns if name.startswith(EXTRA)]))
    log = Log("world", (), dict(rows.schema), lambda names: iter([rows if names is None else rows.select(names)]))
    return Evidence(tally=tally(log), where="runs/", **facts)


@pytest.fixture(scope="session")
def evidence_of():
    return _evidence


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """The audit runs its small models in one thread; so do tests that call its parts."""
    with threadpool_limits(limits=1):
        yield
