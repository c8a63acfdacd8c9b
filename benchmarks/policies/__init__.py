"""Small language models trained by the loop runner on rewards with planted shortcuts: forecast, audited, cured."""
