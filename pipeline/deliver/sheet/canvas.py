"""The page: primitives in millimetres over one matplotlib figure.

Everything on a sheet goes through this class, so that one place knows pixels, fonts and clipping,
and JPG and PDF are two prints of one figure.  Text is drawn as plain text over its own halo:
matplotlib's stroke effect would turn the letters themselves into outlines and make a PDF mute.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import shapely
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as MplPath
from matplotlib.text import Text
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D, Bbox, BboxTransformFrom, BboxTransformTo, TransformedBbox
from numpy.typing import NDArray
from PIL import Image

from pipeline.deliver.sheet.geometry import polygon_paths
from pipeline.deliver.sheet.picture import Picture, embed_pictures
from pipeline.deliver.sheet.sheaf import Sheaf
from styles.fonts import MIDDLE_EM, check_glyphs, font_properties, measure_em
from styles.frame import MM_PER_INCH, Box, Frame

POINTS_PER_MM = 72 / MM_PER_INCH


@lru_cache(maxsize=4096)
def _glyph_path(text: str, family: str) -> MplPath:
    """Outline of a text at 1 unit em, origin on the baseline."""
    return TextPath((0, 0), text, size=1, prop=font_properties(family))


class Page:
    """One sheet of paper being drawn.

    Parameters
    ----------
    frame
        Page size, resolution and furniture.
    """

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        width, height = frame.pixels
        self.figure = Figure(
            figsize=(width / frame.dpi, height / frame.dpi), dpi=frame.dpi, facecolor="white"
        )
        self.canvas = FigureCanvasAgg(self.figure)
        # Limits follow the whole pixels, so one millimetre is exactly dpi/25.4 pixels.  Artists lie on the figure
        # itself: axes would cost a tenth of a sheet in ticks, spines and clip paths that nobody sees.
        paper = Bbox.from_extents(0, 0, width / frame.dpi * MM_PER_INCH, height / frame.dpi * MM_PER_INCH)
        self.to_pixels = BboxTransformFrom(paper) + BboxTransformTo(self.figure.bbox)
        self.pictures: list[Picture] = []
        self.texts: list[str] = []
        self.smallest_mm = float("inf")

    @property
    def pixels_per_mm(self) -> float:
        """Raster pixels of a millimetre, from the transform that draws."""
        (x0, _), (x1, _) = self.to_pixels.transform([(0.0, 0.0), (1.0, 0.0)])
        return float(x1 - x0)

    def _add(self, artist: Artist, clip: Box | None, z: float) -> None:
        artist.set_zorder(z)
        artist.set_transform(self.to_pixels)
        if clip is not None:
            artist.set_clip_box(TransformedBbox(Bbox.from_extents(*clip.bounds), self.to_pixels))
        self.figure.add_artist(artist)

    def fill(
        self, polygons: NDArray[np.object_], *, face: str = "none", edge: str = "none",
        width_mm: float = 0.0, alpha: float = 1.0, dash: Sequence[float] = (), z: float = 0,
        clip: Box | None = None,
    ) -> None:  # fmt: skip
        """Draw polygons with holes; `alpha` applies to the face only."""
        paths = polygon_paths(polygons)
        if not paths:
            return
        # Faces with rims lie over each other's rims, pale ones shine through: those stay single.
        collection = Sheaf(
            paths, whole=not (face != "none" and (alpha < 1 or width_mm)),
            facecolors=[(face, alpha)] if face != "none" else "none",
            edgecolors=edge if width_mm else "none", linewidths=width_mm * POINTS_PER_MM,
            linestyles=self._dash(dash, width_mm), joinstyle="round", capstyle="butt",
        )  # fmt: skip
        self._add(collection, clip, z)

    @staticmethod
    def _dash(dash: Sequence[float], width_mm: float) -> object:
        """Millimetres on paper → matplotlib's multiples of the line width."""
        if not dash or not width_mm:
            return "solid"
        return (0, tuple(part / width_mm for part in dash))

    def lines(
        self, segments: Sequence[NDArray[np.float64]], *, colour: str, width_mm: float,
        dash: Sequence[float] = (), alpha: float = 1.0, z: float = 0, clip: Box | None = None,
        cap: str = "butt",
    ) -> None:  # fmt: skip
        """Draw polylines, each an (n, 2) array in mm."""
        if not len(segments):
            return
        collection = Sheaf(
            [MplPath(segment, readonly=True) for segment in segments], whole=alpha == 1, facecolors="none",
            edgecolors=[(colour, alpha)], linewidths=width_mm * POINTS_PER_MM,
            linestyles=self._dash(dash, width_mm), joinstyle="round", capstyle=cap,
        )  # fmt: skip
        self._add(collection, clip, z)

    def rectangle(
        self, box: Box, *, face: str = "none", edge: str = "none", width_mm: float = 0.0,
        alpha: float = 1.0, z: float = 100,
    ) -> None:  # fmt: skip
        """Draw an axis-parallel rectangle."""
        self._add(
            Rectangle(
                (box.left, box.bottom), box.width, box.height,
                facecolor=(face, alpha) if face != "none" else "none", joinstyle="miter",
                edgecolor=edge if width_mm else "none", linewidth=width_mm * POINTS_PER_MM,
            ), None, z,
        )  # fmt: skip

    def text(
        self, x: float, y: float, text: str, *, size_mm: float, colour: str = "#1F1F1F",
        align: str = "left", middle: bool = False, bold: bool = False, halo: str = "",
        halo_mm: float = 0.0, angle: float = 0.0, family: str = "sans", z: float = 110,
        clip: Box | None = None, inside_mark: bool = False,
    ) -> None:  # fmt: skip
        """Write one line of text.

        Parameters
        ----------
        x, y
            Anchor in mm: on the baseline, or at the visual middle if `middle`.
        align
            ``left``, ``centre`` or ``right``.
        bold
            Stroke the outline in the text's own colour, since the font has no bold.
        halo, halo_mm
            Colour and width of the halo on each side.
        inside_mark
            Characters of markers are symbols, not reading text: they do not count as small print.
        angle
            Degrees anticlockwise about the anchor.
        """
        if not text:
            return
        self.texts.append(text)
        if not inside_mark:
            self.smallest_mm = min(self.smallest_mm, size_mm)
        width = measure_em(text, family) * size_mm
        shift = {"left": 0.0, "centre": -width / 2, "right": -width}[align]
        drop = -MIDDLE_EM * size_mm if middle else 0.0
        turn = Affine2D().rotate_deg(angle)
        dx, dy = turn.transform((shift, drop))
        stroke = [(halo, 2 * halo_mm, z)] if halo and halo_mm else []
        if bold:
            stroke.append((colour, 0.055 * size_mm, z + 0.02))
        if stroke:
            place = Affine2D().scale(size_mm).rotate_deg(angle).translate(x + dx, y + dy)
            for tint, width_mm, level in stroke:
                outline = PathPatch(
                    place.transform_path(_glyph_path(text, family)), facecolor=tint, edgecolor=tint,
                    linewidth=width_mm * POINTS_PER_MM, joinstyle="round",
                )  # fmt: skip
                self._add(outline, clip, level)
        artist = Text(
            x + dx, y + dy, text, fontproperties=font_properties(family),
            fontsize=size_mm * POINTS_PER_MM, color=colour, horizontalalignment="left",
            verticalalignment="baseline", rotation=angle, rotation_mode="anchor", parse_math=False,
        )  # fmt: skip
        self._add(artist, clip, z + 0.03)

    def picture(self, pixels: NDArray[np.uint8], left: int, bottom: int, *, clip: Box, z: float) -> None:
        """Place a picture on whole pixels of the sheet.

        Parameters
        ----------
        pixels
            Shape (rows, columns, 3), row 0 at the top.
        left, bottom
            Its lower left corner, pixels from that of the page.
        """
        artist = Picture(pixels, left, bottom, self.frame.dpi)
        self._add(artist, clip, z)
        self.pictures.append(artist)

    def polygon(self, corners: Sequence[tuple[float, float]], **style: object) -> None:
        """Draw one polygon given by its corners in mm."""
        self.fill(np.array([shapely.Polygon(corners)], dtype=object), **style)  # type: ignore[arg-type]

    def to_jpg(self) -> bytes:
        """Rasterise and compress: 24-bit, 4:4:4 chroma, dpi in the header, no dates.

        Raises
        ------
        GlyphError
            If any text holds a character the font lacks; all of them are listed.
        """
        check_glyphs(self.texts)
        self.canvas.draw()
        width, height = self.frame.pixels
        buffer = io.BytesIO()
        # The fourth byte of a pixel is skipped by the encoder itself, without a copy of the sheet.
        Image.frombuffer("RGBX", (width, height), self.canvas.buffer_rgba(), "raw", "RGBX", 0, 1).save(
            buffer, "JPEG", quality=self.frame.quality, subsampling=0,
            dpi=(self.frame.dpi, self.frame.dpi),
        )  # fmt: skip
        return buffer.getvalue()

    def to_pdf(self) -> bytes:
        """Print the same figure as vectors: one A3 page, fonts embedded and subset, no dates, no names.

        The caller sets ``pdf.fonttype`` to 3: poppler finds fault with the subsets matplotlib embeds as
        type 42, while type 3 keeps its ToUnicode map, so that every text can be searched for.

        Raises
        ------
        GlyphError
            If any text holds a character the font lacks; all of them are listed.
        """
        check_glyphs(self.texts)
        buffer = io.BytesIO()
        nothing = dict.fromkeys(("Creator", "Producer", "CreationDate"))
        FigureCanvasPdf(self.figure).print_pdf(buffer, metadata=nothing)
        self.figure.dpi = self.frame.dpi  # what the PDF's 72 left behind
        return embed_pictures(buffer.getvalue(), self.pictures) if self.pictures else buffer.getvalue()

    def close(self) -> None:
        """Let go of everything drawn; figures hold on to their artists in circles."""
        self.figure.clear()
