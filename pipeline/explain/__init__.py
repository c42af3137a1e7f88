"""How a need, resource, match, site or project came about, from the stored stage results of a plan."""

from pipeline.explain.records import Records, open_records
from pipeline.explain.story import Section, tell

__all__ = ["Records", "Section", "open_records", "tell"]
