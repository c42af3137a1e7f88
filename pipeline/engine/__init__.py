"""Runs the declared stages in order, keeps their results, and hands them to delivery."""
