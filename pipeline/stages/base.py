"""The stage contract: named frames in, named frames out, nothing else touched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias, cast

import geopandas as gpd
import pandas as pd

from layers.decisions import Decision
from layers.faults import FaultLog
from layers.frame import conform
from layers.judgements import subjects
from layers.model import Layer
from layers.reachable import Whereabouts
from layers.source import Placed
from pipeline.plan import Plan
from pipeline.plan.slice import PlanSlice
from pipeline.stages.hand import Hand

Frame: TypeAlias = pd.DataFrame  # a GeoDataFrame where the layer has a shape


@dataclass(frozen=True)
class Given:
    """What a stage may see: the layers it declared, the plan, and a log for faults and remarks.

    Attributes
    ----------
    plan : the plan config.
    frames : layers by key, in the plan's CGCS2000 3-degree zone, metres; treated as read-only.
    log : remarks of this stage; they become rows of the quality report.
    """

    plan: Plan
    frames: Mapping[str, Frame] = field(default_factory=dict)
    log: FaultLog = field(default_factory=FaultLog)

    def geo(self, layer: type[Layer]) -> gpd.GeoDataFrame:
        """Return a layer that has geometry."""
        frame = self.frames[layer.key]
        if not isinstance(frame, gpd.GeoDataFrame):
            raise TypeError(f"layer {layer.key!r} has no geometry")
        return frame

    def table(self, layer: type[Layer]) -> pd.DataFrame:
        """Return a layer as a table, with or without geometry."""
        return self.frames[layer.key]

    def placed(self, layer: type[Placed]) -> gpd.GeoDataFrame:
        """Return a layer with its community filled in from ``Whereabouts``.

        A community the source itself names is kept where the position says nothing (no geometry).
        """
        frame = self.geo(layer).copy()
        where = self.table(Whereabouts)
        where = where[where[Whereabouts.layer] == layer.key]
        found = frame[layer.id].map(where.set_index(Whereabouts.object_id)[Whereabouts.community])
        no_place = frame.geometry.isna() | frame.geometry.is_empty
        frame[layer.community] = found.where(~no_place, frame[layer.community])
        return frame

    @cached_property
    def decisions(self) -> Hand:
        """What the planner decided; every stage may ask, whatever layers it takes."""
        return Hand(self.frames.get(Decision.key), self.frames)

    @property
    def crs(self) -> object:
        """CRS of the plan, taken from the frames."""
        for frame in self.frames.values():
            if isinstance(frame, gpd.GeoDataFrame) and frame.crs is not None:
                return frame.crs
        raise ValueError("no layer with a CRS was given")


Run = Callable[[Given], dict[str, Frame]]


@dataclass(frozen=True)
class Stage:
    """A declared step of the pipeline.

    Attributes
    ----------
    name : English noun, used on the command line.
    title : Chinese name, shown in progress and reports.
    takes : layers it reads.
    gives : layers it makes, each exactly once in the whole pipeline.
    config : sections of the plan config it reads, dotted where one key of a block is enough; it can see no others.
    run : the pure function; returns one frame a given layer, keyed by ``Layer.key``.
    """

    name: str
    title: str
    takes: tuple[type[Layer], ...]
    gives: tuple[type[Layer], ...]
    run: Run
    config: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        """The module that makes it: with what it imports, all the code its results depend on."""
        return self.run.__module__

    def own_decisions(self, decisions: pd.DataFrame) -> pd.DataFrame:
        """Return the decisions on what this stage makes; others are no business of its.

        Parameters
        ----------
        decisions : ``Decision`` rows.
        """
        made = set(self.gives)
        titles = [subject.title for subject in subjects() if subject.layer in made]
        return decisions[decisions[Decision.table].isin(titles)]

    def __call__(self, given: Given) -> dict[str, Frame]:
        """Run on exactly the layers taken and return exactly the layers given, conformed and checked.

        Raises
        ------
        UndeclaredSectionError
            If the stage reads a section of the config that it does not declare.
        ValueError
            If the stage returns other layers than it declares, or a geometry in another CRS than the
            plan's projected one.
        """
        taken = {layer.key: given.frames[layer.key] for layer in self.takes}
        if Decision.key in given.frames:
            taken[Decision.key] = self.own_decisions(given.frames[Decision.key])
        seen = Given(cast(Plan, PlanSlice(given.plan, self.config)), taken, given.log)
        made = self.run(seen)
        declared = {layer.key: layer for layer in self.gives}
        if made.keys() != declared.keys():
            raise ValueError(f"stage {self.name!r} gave {sorted(made)}, declared {sorted(declared)}")
        result = {key: conform(frame, declared[key]) for key, frame in made.items()}
        crs = {
            str(f.crs) for f in [*seen.frames.values(), *result.values()] if isinstance(f, gpd.GeoDataFrame)
        }
        if len(crs) > 1 or "None" in crs:
            raise ValueError(f"stage {self.name!r} mixes coordinate systems: {sorted(crs)}")
        return result
