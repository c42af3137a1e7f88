"""Readers: one module a format; each gives what the file says, nothing more."""
