"""The drawing set: catalogue entries and stage results to sheet instructions, drawn and reported."""
