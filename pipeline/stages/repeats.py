"""New projects that lie on works done or under way: nothing should be built twice (3.1.2, A-02)."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from layers.faults import FaultLog
from layers.ledgers import PastWork
from layers.planned import Project
from pipeline.stages.placing import clean_text

# Less common ground than this is how two drawings of one border differ.
_LEAST_M2, _LEAST_M = 1.0, 1.0


def report_repeats(projects: gpd.GeoDataFrame, past: gpd.GeoDataFrame, log: FaultLog) -> None:
    """Record every pair of a project and a past work that share ground, with the place and how much.

    Parameters
    ----------
    projects, past : points, lines or areas in the plan's CRS, metres.
    """
    past = past[past.geometry.notna() & ~past.geometry.is_empty].sort_values(PastWork.id, ignore_index=True)
    here = projects[projects.geometry.notna() & ~projects.geometry.is_empty]
    here = here.sort_values(Project.number, ignore_index=True)
    mine, theirs = here.sindex.query(past.geometry, predicate="intersects")[::-1]
    common = shapely.intersection(here.geometry.to_numpy()[mine], past.geometry.to_numpy()[theirs])
    area, length = shapely.area(common), shapely.length(common)
    flat = shapely.get_dimensions(here.geometry.to_numpy()[mine]) == 2
    flat &= shapely.get_dimensions(past.geometry.to_numpy()[theirs]) == 2
    lines = ~flat & (shapely.get_dimensions(common) == 1)
    real = np.where(flat, area >= _LEAST_M2, np.where(lines, length >= _LEAST_M, True))
    for at in sorted(np.flatnonzero(real), key=lambda n: (mine[n], theirs[n])):
        project, work = here.iloc[mine[at]], past.iloc[theirs[at]]
        spot = shapely.point_on_surface(common[at])
        much = f"，重叠 {area[at]:.0f} ㎡" if flat[at] else f"，重叠 {length[at]:.0f} m" if lines[at] else ""
        about = "，".join(
            filter(None, (clean_text(work[c]) for c in (PastWork.state, PastWork.kind, PastWork.end)))
        )
        log.add(
            "HSQ-A07",
            f"项目{project[Project.number]}“{project[Project.name]}”位于“{work[PastWork.name]}”（{about}）范围内{much}",
            severity="警告",
            layer=Project.alias,
            row=project[Project.number],
            value=clean_text(work[PastWork.name]),
            action="照原样列入项目清单",
            remedy="核对建设内容是否重复（指南 3.1.2）；重复的在项目中扣除，不重复的说明衔接关系",
            x=round(float(spot.x), 2),
            y=round(float(spot.y), 2),
        )
