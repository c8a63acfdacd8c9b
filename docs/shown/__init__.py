"""How the blocks of the documents are rerun, executed or checked; docs/refresh.py and tests/test_pages.py use it."""
