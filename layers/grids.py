"""Rasters read around the plan, as rows: heights of the ground and colours of an orthophoto, one row a cell."""

from __future__ import annotations

from layers import model as m
from layers.model import Layer


class Relief(Layer, key="relief", alias="地面高程"):
    """Ground heights on a regular grid of the plan's CRS, one row a cell; unknown cells have no row."""

    row = m.integer("行", required=True)  # 0 is the southernmost
    column = m.integer("列", required=True)
    x_m = m.number("东坐标", unit="m", required=True)  # centre of the cell
    y_m = m.number("北坐标", unit="m", required=True)
    height_m = m.number("高程", unit="m", required=True)


class Photo(Layer, key="photo", alias="正射影像格网"):
    """Colours of an orthophoto on a regular grid of the plan's CRS, one row a cell; cells off the picture have none."""

    row = m.integer("行", required=True)  # 0 is the southernmost
    column = m.integer("列", required=True)
    x_m = m.number("东坐标", unit="m", required=True)  # centre of the cell
    y_m = m.number("北坐标", unit="m", required=True)
    red = m.integer("红", required=True)  # 0 to 255
    green = m.integer("绿", required=True)
    blue = m.integer("蓝", required=True)
