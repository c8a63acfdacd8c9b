"""Shows: the page, files and gates; reads results and computes nothing."""
