"""Loops on environments of several turns: do they learn, and are their logs audited."""
