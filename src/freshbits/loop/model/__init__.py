"""Models of loops: a tiny one that comes along, and any Hugging Face name or path."""
