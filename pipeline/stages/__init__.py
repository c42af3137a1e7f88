"""The stages: pure functions from layers to layers, in the order they run."""

from pipeline.stages.backing import BACKING
from pipeline.stages.base import Stage
from pipeline.stages.coverage import COVERAGE
from pipeline.stages.layout import LAYOUT
from pipeline.stages.load import LOAD
from pipeline.stages.matching import MATCHING
from pipeline.stages.needs import NEEDS
from pipeline.stages.network import NETWORK
from pipeline.stages.projects import PROJECTS
from pipeline.stages.resources import RESOURCES
from pipeline.stages.scope import SCOPE
from pipeline.stages.sharing import SHARING
from pipeline.stages.siting import SITING
from pipeline.stages.strategies import STRATEGY

STAGES: tuple[Stage, ...] = (
    LOAD, NETWORK, SCOPE, COVERAGE, SHARING, NEEDS, RESOURCES, BACKING, SITING, MATCHING, LAYOUT, PROJECTS,
    STRATEGY,
)  # fmt: skip

__all__ = ["STAGES", "Stage"]
