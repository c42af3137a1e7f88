"""The files a plan names: what a run reads, and what the manifest lists as its inputs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline.plan.models import Plan
from pipeline.plan.sources import Source


def list_inputs(plan: Plan) -> Iterator[tuple[str, Path]]:
    """Yield every input file as the config names it and where it is, sorted, each once.

    Files that belong together (.shp, .dbf, .prj …) and the files of an input folder are listed one by
    one; a path that does not exist is left out, as reading it has been reported before.
    """
    found: dict[str, Path] = {}
    for given in _given_paths(plan):
        path = plan.resolve(given)
        if path.is_dir():
            beside = [p for p in path.rglob("*") if p.is_file()]
            found |= {(given / p.relative_to(path)).as_posix(): p for p in beside}
        elif path.is_file():
            shapefile = path.suffix.lower() == ".shp"
            companions = [p for p in path.parent.iterdir() if p.stem == path.stem] if shapefile else [path]
            found |= {(given.parent / p.name).as_posix(): p for p in companions}
    yield from sorted(found.items())


def _given_paths(plan: Plan) -> Iterator[Path]:
    for name in type(plan.inputs).model_fields:
        sources: list[Source] = [s for s in getattr(plan.inputs, name) if isinstance(s, Source)]
        while sources:
            source = sources.pop()
            yield source.path
            if source.geometry is not None:
                sources.append(source.geometry)
    if plan.open_data is not None:
        yield plan.open_data.path
    if plan.divisions is not None and plan.divisions.path is not None:
        yield plan.divisions.path
    if plan.walking.dem is not None:
        yield plan.walking.dem
    if plan.idle.imagery is not None:
        yield plan.idle.imagery
    if plan.sheets.base is not None:
        yield plan.sheets.base.path
    yield from plan.hand.templates.values()
    yield plan.hand.decisions or Path(plan.decisions.name)
