"""One run of the study in a process of its own: `python -m benchmarks.cluster.child "two nodes" LOG`."""

from __future__ import annotations

import hashlib
import json
import logging
import sys
import time
import warnings
from contextlib import ExitStack
from typing import Any

MEMORY = 200 * 2**20  # of each node's store of objects; what does not fit goes to disk


def main(run: str, log: str) -> None:
    """Prints the seconds of starting, of counting and of the whole audit, and the digest of the report."""
    import freshbits as fb

    told: dict[str, Any] = {}
    with ExitStack() as stack:
        started = time.monotonic()
        address, lose = (None, None) if run == "one process" else _nodes(stack)
        told["start_s"] = round(time.monotonic() - started, 1)
        started = time.monotonic()

        def heard(words: str) -> None:
            if words.startswith("judging") and "count_s" not in told:
                told["count_s"] = round(time.monotonic() - started, 1)
            if run == "one node killed" and "killed_at" not in told and ", part " in words:
                at, _, of = words.rpartition(", part ")[2].replace(",", "").partition(" of ")
                if 2 * int(at) >= int(of) and lose is not None:
                    told["killed_at"] = f"part {at} of {of}"
                    lose()

        engine: Any = "local" if address is None else "ray"
        report = fb.audit(log, where="LOG", engine=engine, progress=heard).dumps()
        told["audit_s"] = round(time.monotonic() - started, 1)
    told["report"] = hashlib.sha256(report.encode()).hexdigest()
    print(json.dumps(told))


def _nodes(stack: ExitStack) -> tuple[str, Any]:
    """Starts two nodes; returns their address and what kills the second one."""
    warnings.simplefilter("ignore")
    import ray
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 1, "object_store_memory": MEMORY, "include_dashboard": False}
    nodes = Cluster(initialize_head=True, head_node_args=head)
    stack.callback(nodes.shutdown)
    second = nodes.add_node(num_cpus=1, object_store_memory=MEMORY)
    ray.init(address=nodes.address, log_to_driver=False, logging_level=logging.ERROR)
    stack.callback(ray.shutdown)
    return nodes.address, lambda: nodes.remove_node(second, allow_graceful=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
