"""A corpus of faults: each made by a small function, with the code, place and remedy it must come back with."""
