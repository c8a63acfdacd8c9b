"""Rubrics: completions judged against written criteria by a model behind any OpenAI-compatible endpoint."""
