"""Exact families of small tasks that write logs and know what is true of them."""
