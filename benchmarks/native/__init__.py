"""Whether a compiled kernel for the twelve features would be worth shipping."""
