"""The drawing set: catalogue entries and stage results to sheet instructions, drawn and reported."""

from pipeline.deliver.atlas.edition import draw_atlas

__all__ = ["draw_atlas"]
