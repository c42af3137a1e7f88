"""Readers: files as technicians bring them, into canonical frames."""
