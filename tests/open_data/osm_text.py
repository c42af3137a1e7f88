"""Hand-drawn OpenStreetMap files: a few nodes on a metre-like grid, ways by node number."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import quoteattr

# One unit of the grid is 0.00001 degrees, about 1.1 m north-south and 1 m east-west at 28.3 N.
WEST, SOUTH, UNIT = 117.2, 28.3, 0.00001
Tags = dict[str, str]


def write_osm(
    path: Path,
    *,
    nodes: dict[int, tuple[int, int] | tuple[int, int, Tags]],
    ways: dict[int, tuple[list[int], Tags]] | None = None,
    relations: dict[int, tuple[list[tuple[str, int, str]], Tags]] | None = None,
    bounds: tuple[int, int, int, int] | None = (0, 0, 1000, 1000),
) -> Path:
    """Write an .osm file; coordinates are grid units east and north of 117.2 E, 28.3 N."""
    rows = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6">']
    if bounds:
        west, south, east, north = bounds
        rows.append(
            f'<bounds minlat="{_lat(south)}" minlon="{_lon(west)}" maxlat="{_lat(north)}" maxlon="{_lon(east)}"/>'
        )
    for key, (x, y, *tags) in nodes.items():
        rows.append(f'<node id="{key}" version="1" lon="{_lon(x)}" lat="{_lat(y)}">')
        rows += [*_tags(tags[0] if tags else {}), "</node>"]
    for key, (refs, tags) in (ways or {}).items():
        rows.append(f'<way id="{key}" version="1">')
        rows += [*(f'<nd ref="{ref}"/>' for ref in refs), *_tags(tags), "</way>"]
    for key, (members, tags) in (relations or {}).items():
        rows.append(f'<relation id="{key}" version="1">')
        rows += [f'<member type="{kind}" ref="{ref}" role="{role}"/>' for kind, ref, role in members]
        rows += [*_tags(tags), "</relation>"]
    path.write_text("\n".join([*rows, "</osm>"]), encoding="utf-8")
    return path


def square(first: int, x: int, y: int, size: int) -> dict[int, tuple[int, int]]:
    """Return four corner nodes numbered from ``first``, counter-clockwise."""
    return {
        first: (x, y),
        first + 1: (x + size, y),
        first + 2: (x + size, y + size),
        first + 3: (x, y + size),
    }


def ring(first: int) -> list[int]:
    """Return the node list of a ``square``, closed."""
    return [first, first + 1, first + 2, first + 3, first]


def _lon(x: int) -> str:
    return f"{WEST + x * UNIT:.7f}"


def _lat(y: int) -> str:
    return f"{SOUTH + y * UNIT:.7f}"


def _tags(tags: Tags) -> list[str]:
    return [f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items()]
