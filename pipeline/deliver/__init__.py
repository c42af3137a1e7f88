"""Writers: stage results in, the hand-in tree out. A writer never computes a result."""

from pipeline.deliver.handin import HandIn, deliver
from pipeline.deliver.items import Absent, Item

__all__ = ["Absent", "HandIn", "Item", "deliver"]
