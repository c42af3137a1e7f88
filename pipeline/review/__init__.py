"""Comparing two project lists, and what 4.9.2 makes of the difference."""
