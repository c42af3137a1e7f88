"""The plan config: models, loading with every fault at once, and where files go."""

from pipeline.plan.load import load_plan
from pipeline.plan.models import Plan

__all__ = ["Plan", "load_plan"]
