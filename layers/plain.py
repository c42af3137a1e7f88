"""Rows of the one-off commands: what is read from plain files and what is written.

These declarations belong to no plan: they have no key and stay out of the registry, the data dictionary
and the templates. Tables and GeoPackages carry the Chinese names, shapefiles the short ones.
"""

from __future__ import annotations

from typing import ClassVar

from layers import codes
from layers import model as m
from layers.model import Layer, Shape


class RoadLine(Layer):
    """A line one may walk along."""

    key: ClassVar[str] = "road"
    alias: ClassVar[str] = "道路"
    shape: ClassVar[Shape | None] = "line"
    level = m.integer("层级")


class Spot(Layer):
    """A place to start from or to go to; areas and lines are entered at a point on them."""

    key: ClassVar[str] = "spot"
    alias: ClassVar[str] = "点位"
    shape: ClassVar[Shape | None] = "point"
    id = m.text("编号", unique=True)
    group = m.text("类别")


class Origin(Spot):
    """A place to start from."""

    alias: ClassVar[str] = "起点"


class Destination(Spot):
    """A place to go to."""

    alias: ClassVar[str] = "终点"


class Anything(Layer):
    """Rows of a file nobody has said the meaning of; its columns stay as they are."""

    key: ClassVar[str] = "anything"
    alias: ClassVar[str] = ""
    shape: ClassVar[Shape | None] = "any"


class Walk(Layer):
    """One row of an OD table; without metres it names a place that reaches, or is reached by, nothing."""

    key: ClassVar[str] = "walk"
    alias: ClassVar[str] = "可达表"
    shape: ClassVar[Shape | None] = "line"
    origin = m.text("起点编号", "ORIGIN", 60)
    destination = m.text("终点编号", "DEST", 60)
    metres = m.number("距离_m", "METRES", 12, 2, unit="m")
    origin_status = m.text("起点状态", "O_STATUS", 20, codes=codes.SNAP)
    destination_status = m.text("终点状态", "D_STATUS", 20, codes=codes.SNAP)


class ServiceArea(Layer):
    """Ground within a walking distance of one origin or of the nearest origin of a class."""

    key: ClassVar[str] = "service_area"
    alias: ClassVar[str] = "服务范围"
    shape: ClassVar[Shape | None] = "polygon"
    name = m.text("编号或类别", "NAME", 60)
    status = m.text("接入状态", "STATUS", 20, codes=codes.SNAP)
    origins = m.integer("起点数", "ORIGINS", 9)
    joined = m.integer("已接入起点数", "JOINED", 9)
    from_m = m.number("距离起_m", "FROM_M", 10, 1, unit="m")
    to_m = m.number("距离止_m", "TO_M", 10, 1, unit="m")
    minutes = m.number("步行_min", "MINUTES", 8, 1, unit="min")
    area_m2 = m.number("面积_m2", "AREA_M2", 16, 2, unit="㎡")
