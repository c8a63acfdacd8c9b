"""freshbits."""
