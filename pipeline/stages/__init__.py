"""The stages: pure functions from layers to layers, in the order they run."""

from pipeline.stages.base import Stage
from pipeline.stages.coverage import COVERAGE
from pipeline.stages.load import LOAD
from pipeline.stages.network import NETWORK
from pipeline.stages.scope import SCOPE
from pipeline.stages.sharing import SHARING

STAGES: tuple[Stage, ...] = (LOAD, NETWORK, SCOPE, COVERAGE, SHARING)

__all__ = ["STAGES", "Stage"]
