"""What a sheet shows and what came of drawing it: the renderer's whole vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import geopandas as gpd
    from pyproj import CRS
    from shapely.geometry.base import BaseGeometry

    from pipeline.deliver.sheet.legend import LegendLayout
    from pipeline.deliver.sheet.sidetable import TableLayout
    from styles.frame import Box

ClassKey = tuple[str, str]
Bounds = tuple[float, float, float, float]


class SheetError(ValueError):
    """Raised when a sheet cannot be drawn truthfully: nothing to show, wrong CRS or column."""

    code = "HSQ-SHEET-001"


@dataclass(frozen=True, eq=False, kw_only=True)
class Drawn:
    """One layer on a sheet.

    Attributes
    ----------
    frame
        Features in the sheet's projected CRS (metres).
    theme
        Theme of the style table.
    value, class_column
        Exactly one: the class all features share, or the column that holds each feature's class.
    label_column
        Text of each feature's label; empty and missing values are not labelled.
    label_kind
        Row of theme ``text`` that gives the label's size and colours.
    label_priority
        Higher is placed first.
    label_place
        ``auto`` (around points, along lines, inside polygons), ``inside`` (only where it fits in
        its polygon: land-use codes) or ``badge`` (in the marker, in place of its character; areas
        and lines get a marker too: numbered facilities and projects listed in a side table).
    label_required
        Labels that must not be lost: a leader line is tried before one is given up.
    legend_group
        Heading in the legend.
    in_legend
        False for background that needs no explanation.
    legend_counts
        Append the number of features of each class, so the sheet and the table can be compared.
    legend_names
        Legend text that replaces the table's Chinese name, by class.
    fade
        Multiplies the opacity; 0.3 turns a layer into background.
    obstacle
        Whether labels must keep off this layer's points.
    view
        What of the catalogue it was made for: the public edition goes by it.
    part
        Which of that view's layers it is, from 0.
    """

    frame: gpd.GeoDataFrame
    theme: str
    value: str | None = None
    class_column: str | None = None
    label_column: str | None = None
    label_kind: str = "标注"
    label_priority: int = 0
    label_place: str = "auto"
    label_required: bool = False
    legend_group: str = ""
    in_legend: bool = True
    legend_counts: bool = False
    legend_names: Mapping[str, str] = field(default_factory=dict)
    fade: float = 1.0
    obstacle: bool = True
    view: str = ""
    part: int = 0

    def __post_init__(self) -> None:
        if (self.value is None) == (self.class_column is None):
            raise SheetError(f"{SheetError.code} 图层“{self.theme}”须给出 value 或 class_column 之一")
        for column in (self.class_column, self.label_column):
            if column is not None and column not in self.frame.columns:
                raise SheetError(f"{SheetError.code} 图层“{self.theme}”没有字段“{column}”")


@dataclass(frozen=True, kw_only=True)
class Backdrop:
    """A picture under the whole map.

    Attributes
    ----------
    path
        Raster that ``layers.read.backdrop`` can read.
    fade
        Share of white laid over it: 0 none, 1 all.
    grey
        Whether its colours are taken out.
    finest_m
        Cells are not shown finer than this.
    """

    path: Path
    fade: float = 0.7
    grey: bool = True
    finest_m: float = 0.0


@dataclass(frozen=True, kw_only=True)
class SideTable:
    """A table beside the map; cells are printed as given (format numbers before)."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        wrong = [i for i, row in enumerate(self.rows) if len(row) != len(self.columns)]
        if wrong:
            raise SheetError(f"{SheetError.code} 附表“{self.title}”第 {wrong[0] + 1} 行列数不符")


@dataclass(frozen=True, kw_only=True)
class TitleBlock:
    """Texts of the 图签; an empty text prints an empty slot."""

    project: str
    unit: str = ""
    date: str = ""
    crs_text: str = ""
    map_review_no: str = ""
    drawn_by: str = ""
    checked_by: str = ""
    approved_by: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class SheetSpec:
    """One sheet.

    Attributes
    ----------
    number, title, group
        图号, 图名 and the part of the catalogue it belongs to.
    crs
        Projected CRS of every layer; decides true north.
    extent
        What must be visible (minx, miny, maxx, maxy in metres); the map is centred on it.
    scale
        Denominator; see `choose_scale`.
    layers, inset
        Layers of the main map and of the location inset.  Drawing order comes from the style table.
    focus
        Ground outside this polygon is veiled; None veils nothing.
    keep
        Ground that no box on the map may cover; None where none is to be drawn.
    side_tables, notes
        Tables and numbered remarks in the right-hand column.
    legend_groups
        Order of legend headings; headings not named follow in order of appearance.
    layout
        Named layout of ``styles/frame.yaml``.
    backdrop
        Picture under the map; None draws on white paper.
    """

    number: str
    title: str
    group: str
    crs: CRS
    extent: Bounds
    scale: int
    layers: tuple[Drawn, ...]
    block: TitleBlock
    inset: tuple[Drawn, ...] = ()
    inset_title: str = "区位图"
    focus: BaseGeometry | None = None
    keep: BaseGeometry | None = None
    side_tables: tuple[SideTable, ...] = ()
    notes: tuple[str, ...] = ()
    legend_groups: tuple[str, ...] = ()
    layout: str = "standard"
    backdrop: Backdrop | None = None


@dataclass(frozen=True, kw_only=True)
class PlacedLabel:
    """One label as drawn: its text and the corners of its box, mm on the page."""

    text: str
    kind: str
    corners: tuple[tuple[float, float], ...]
    moved: bool = False


@dataclass(frozen=True, kw_only=True)
class Furniture:
    """Where the right-hand column puts what varies by sheet, mm on the page; None what a sheet has not.

    Attributes
    ----------
    scale
        Strip of numeric scale, bar and arrow.
    inset, legend, notes
        Boxes without their headings.
    legend_set
        How the legend is set.
    tables
        Side tables as set, those that go on upon the map after the others, each with its box.
    lines
        Remarks as printed: number and text of each line.
    block
        The 图签.
    """

    scale: Box
    block: Box
    legend_set: LegendLayout
    inset: Box | None = None
    legend: Box | None = None
    notes: Box | None = None
    tables: tuple[tuple[TableLayout, Box], ...] = ()
    lines: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class SheetReport:
    """What was drawn, for the self-check of the sheet.

    Attributes
    ----------
    scale, window
        Denominator and the map window in metres (minx, miny, maxx, maxy).
    drawn_classes, legend_classes, background_classes
        Classes with something inside the window; those in the legend; those declared background.
    feature_counts
        Features inside the window, by class.
    labels, labels_unplaced, labels_outside
        Labels as placed, texts that found no room, labels reaching out of the map box.
    scale_bar_m, scale_bar_px, north_deg
        Length of the bar on the ground and on the raster; clockwise angle from up to true north.
    table_rows_left_out
        Rows of side tables that had no room (the table says so).
    smallest_text_mm
        Smallest em height of reading text; under ``type.minimum`` only where a legend was squeezed.
    texts
        Every text on the sheet, for wording and privacy checks.
    pixels
        Raster size (width, height).
    missing_glyphs
        Always empty on a finished sheet, because a missing glyph stops it.
    label_contrast
        Contrast of each of ``labels`` to its ground, 1 to 21, measured on the raster.
    furniture
        Where the column's parts stand.
    moved
        Numbered markers moved aside: their text, and how far to the right and upwards, mm.
    """

    number: str
    title: str
    scale: int
    window: Bounds
    drawn_classes: frozenset[ClassKey]
    legend_classes: frozenset[ClassKey]
    background_classes: frozenset[ClassKey]
    feature_counts: dict[ClassKey, int]
    labels: tuple[PlacedLabel, ...]
    labels_unplaced: tuple[str, ...]
    labels_outside: int
    scale_bar_m: float
    scale_bar_px: float
    north_deg: float
    table_rows_left_out: int
    smallest_text_mm: float
    texts: tuple[str, ...]
    pixels: tuple[int, int]
    missing_glyphs: tuple[str, ...] = ()
    inset_labels_unplaced: tuple[str, ...] = ()
    label_contrast: tuple[float, ...] = ()
    furniture: Furniture | None = None
    moved: tuple[tuple[str, float, float], ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class Finished:
    """A sheet that was drawn: what it shows, and what came of it."""

    spec: SheetSpec
    report: SheetReport
