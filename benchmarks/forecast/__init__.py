"""Forecast: the laws of dynamics against simulated loops, n-gram models that train on themselves, and speed.

    python -m benchmarks.forecast                 # everything, about ten minutes on one core
    python -m benchmarks.forecast laws --loops 500  # a quick look at one study

Each study writes `benchmarks/results/forecast_NAME.json` and the same as a short Markdown table. Results depend on
the code and the number of loops only (the seconds of `speed` on the machine).
"""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
