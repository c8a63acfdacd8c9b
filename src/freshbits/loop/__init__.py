"""Generation-training loops: declared, checked before anything is spent, run, metered, resumed."""
