"""Audits a frame from Python: what each reward carries, the report as JSON, an exit code for a pipeline.

    python examples/audit_a_log.py [FOLDER]

The rows are drawn from the demo's world; a frame of your own needs the columns prompt, completion and one per reward.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import freshbits as fb
from freshbits.worlds.demo import SEED, STEPS, demo_world

LEAST = 0.2  # bits per rollout under which a reward counts as dried up


def main() -> int:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
    rows = demo_world().log(SEED, STEPS).drop("truth")
    report = fb.audit(rows)
    for name, part in report.budget.items():
        if part.status == "judged":
            bits, dead = part.contrast_bits.value, part.dead_groups.value
            print(f"{name}: {bits:.2f} bit per rollout, {dead:.0%} of its groups are dead")
        else:
            print(f"{name}: not judged, {part.reason} ({part.code})")
    for name, part in report.openness.items():
        if part.status != "judged":
            print(f"openness of {name}: {part.code}; {part.needs}")
    (folder / "audit.json").write_text(json.dumps(report.to_json(), indent=2), encoding="utf-8")
    last = {name: part.by_round[-1].contrast_bits for name, part in report.budget.items()}
    dry = [name for name, bits in last.items() if bits is not None and bits.high < LEAST]
    print(f"dried up in the last round: {', '.join(dry) or 'none'}")
    return 1 if dry else 0


if __name__ == "__main__":
    sys.exit(main())
