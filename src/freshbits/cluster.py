"""A Ray cluster: joined where one is named, started on this machine and shut down again where none is.

Whatever is sent there is a pure function of its arguments. A worker that dies is replaced and its task run again, and a
result that was lost with a machine is made again, so nothing is ever counted twice.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from freshbits.errors import FreshbitsError, InputError
from freshbits.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

ENGINES = ("local", "ray")
MOMENT, KNOCK = 2.5, 10.0  # seconds
RETRIES = 4
# One thread a task: Ray starts as many tasks as there are processors.
ENVIRONMENT = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
}


@dataclass(frozen=True)
class Cluster:
    """Runs functions on the machines of a cluster.

    Attributes:
        cpus: processors of all machines together. nodes: machines that run tasks.
        started: whether it was started here and ends with the block.
    """

    cpus: int
    nodes: int
    started: bool

    def put(self, value: Any) -> Any:
        """Hands a value to the cluster once, for many tasks."""
        import ray

        return ray.put(value)

    def send(self, function: Callable[..., Any], *arguments: Any, results: int = 1) -> Any:
        """Starts a task and returns the place of its result, or of each of its results.

        Args:
            function: a function of a module that every machine has; pure, as it is run again if its worker dies.
            arguments: values, or places of results: those are waited for and replaced by the results.
            results: how many results the function returns; one list of places where there are several.
        """
        import ray

        task = ray.remote(function).options(
            num_returns=results, max_retries=RETRIES, runtime_env={"env_vars": ENVIRONMENT}, num_cpus=1
        )
        return task.remote(*arguments)

    def fetch(self, place: Any) -> Any:
        """Waits for a result.

        Raises:
            FreshbitsError: what the task raised; or that its worker died again and again.
        """
        import ray

        try:
            return ray.get(place)
        except ray.exceptions.RayError as error:
            raise said(error) from None

    def each(self, function: Callable[..., Any], arguments: Iterable[Sequence[Any]]) -> list[Any]:
        """Runs a function on each of several arguments, side by side, and returns the results in that order."""
        return [self.fetch(place) for place in [self.send(function, *some) for some in arguments]]

    def drop(self, places: Sequence[Any]) -> None:
        """Stops tasks that nobody waits for any more."""
        import ray

        for place in places:
            ray.cancel(place, force=True)


@contextmanager
def cluster(address: str | None = None, progress: Callable[[str], None] | None = None) -> Iterator[Cluster]:
    """Joins a Ray cluster, or starts one on this machine for as long as the block lasts.

    Joined is the cluster at `address`, else at `RAY_ADDRESS`, else the one that this process is connected to already.
    The file that a dead cluster leaves behind is never looked at. Ray's own lines, its dashboard and its reports of use
    are off. `progress` hears of it where it takes longer than a moment.

    Raises:
        InputError: Ray is not installed, there is no cluster at the address, or its machines run other versions.
    """
    try:
        os.environ.update({name: value for name, value in QUIET.items() if name not in os.environ})
        import ray
    except ImportError:
        raise InputError("Ray is not installed", mend="pip install 'freshbits[ray]'") from None
    if ray.is_initialized():
        if address not in (None, ray.get_runtime_context().gcs_address):
            raise InputError("this process is connected to another Ray cluster", mend="leave out --ray-address")
        yield _described(started=False)
        return
    place = address or os.environ.get("RAY_ADDRESS") or "local"
    started = place == "local"
    words = "starting a Ray cluster on this machine" if started else f"joining the Ray cluster at {place}"
    try:
        if not started:
            _knock(place)
        with _said_late(progress, words), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ray.init(
                address=place,
                log_to_driver=False,
                logging_level=logging.ERROR,
                include_dashboard=False if started else None,
                ignore_reinit_error=False,
            )
    except (OSError, RuntimeError, ValueError) as error:
        if started:
            raise InputError(f"Ray does not start here ({_first_line(error)})", mend="leave out --engine ray") from None
        raise InputError(
            f"there is no Ray cluster to join at {place}",
            mend="check --ray-address and RAY_ADDRESS, or leave them out to start one on this machine",
        ) from None
    try:
        found = _described(started=started)
        if not started:
            _require_same_versions()
        yield found
    finally:
        ray.shutdown()


def require_engine(engine: str, address: str | None) -> None:
    """Raises where an engine is not known, or is not the one that an address is for.

    >>> require_engine("ray", "10.0.0.1:6379")
    """
    if engine not in ENGINES:
        raise InputError(f"--engine {engine}: there is no such engine", mend=f"choose {' or '.join(ENGINES)}")
    if address is not None and engine != "ray":
        raise InputError(f"--ray-address {address}: the engine is {engine}", mend="add --engine ray, or leave it out")


def said(error: BaseException) -> FreshbitsError:
    """Returns what freshbits says where Ray reports that a task failed."""
    import ray

    cause = getattr(error, "cause", None)
    if isinstance(cause, FreshbitsError):
        return cause
    if isinstance(cause, ModuleNotFoundError) or isinstance(error, ray.exceptions.RuntimeEnvSetupError):
        return InputError(
            f"a machine of the cluster cannot run freshbits ({_first_line(cause or error)})",
            mend="install the same freshbits, with what its signals need, on every machine",
        )
    if isinstance(error, ray.exceptions.RayTaskError):
        raise error
    return InputError(
        f"a worker of the cluster died {RETRIES + 1} times at the same part ({type(error).__name__})",
        mend="give the machines more memory, or look into the logs of Ray under /tmp/ray",
    )


def versions() -> tuple[str, str]:
    """Returns the versions on which a count depends, as they are on the machine that is asked."""
    import polars

    return __version__, polars.__version__


def _machines() -> list[dict[str, Any]]:
    """Returns the machines that run tasks."""
    import ray

    every: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    return [node for node in every if node["Alive"] and node["Resources"].get("CPU", 0) >= 1]


def _knock(place: str) -> None:
    """Raises where nobody listens at host:port: Ray itself would try for minutes, and complain on the way."""
    host, _, port = place.rpartition("://")[2].rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK).close()


def _described(*, started: bool) -> Cluster:
    nodes = _machines()
    cpus = int(sum(node["Resources"]["CPU"] for node in nodes))
    return Cluster(max(cpus, 1), max(len(nodes), 1), started)


def _require_same_versions() -> None:
    """Asks every machine; hashes of rows, and so what is left out as written twice, may differ between versions."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    asked = {}
    for node in _machines():
        there = NodeAffinitySchedulingStrategy(node_id=node["NodeID"], soft=False)
        task = ray.remote(versions).options(num_cpus=0, scheduling_strategy=there)
        asked[node["NodeManagerAddress"]] = task.remote()
    for machine, place in asked.items():
        try:
            found = ray.get(place)
        except ray.exceptions.RayError as error:
            raise said(error) from None
        if found != versions():
            raise InputError(
                f"{machine} has freshbits {found[0]} with Polars {found[1]}, and this machine "
                f"{versions()[0]} with {versions()[1]}",
                mend="install the same versions on every machine of the cluster",
            )


@contextmanager
def _said_late(progress: Callable[[str], None] | None, words: str) -> Iterator[None]:
    """Says what is being done if it lasts: nothing else can be said while Ray starts."""
    if progress is None:
        yield
        return
    timer = threading.Timer(MOMENT, progress, (words,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
