"""Calibration: thousands of logs drawn from exact worlds, and how far the estimates fall from the truth.

    python -m benchmarks.calibration                      # every study, as many logs as it names
    python -m benchmarks.calibration contrast --logs 100  # one study, a quick look

Each study writes `benchmarks/results/calibration_NAME.json` and the same as a Markdown table. Results depend on
the code, the number of logs and nothing else: seeds come from the cell and the number of the log.
"""

import os

# One thread per process: the arrays are small, and two processes would only fight over the cores.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
