"""Many paths of one look, drawn together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.collections import PathCollection
from matplotlib.path import Path


class Sheaf(PathCollection):
    """Paths of one colour, width and dash.

    The PDF writer of matplotlib sets every path's look anew, which takes most of a sheet's time.  Where it makes
    no difference to what is seen the PDF gets one path of many parts; the raster keeps them single, since
    edges shared by two parts are smoothed differently in one.

    Parameters
    ----------
    paths
        Shells and holes wound oppositely, so that parts that overlap are filled as their union.
    whole
        Whether they may be joined: nothing of them shines through, and none has a rim under another's face.
    look
        As of ``PathCollection``.
    """

    def __init__(self, paths: Sequence[Path], *, whole: bool, **look: Any) -> None:
        super().__init__(paths, sizes=None, **look)
        self._whole = whole

    def draw(self, renderer: Any) -> None:
        """Draw with the renderer of the raster or of the PDF."""
        parts = self.get_paths()
        if not (self._whole and renderer.option_scale_image()):
            super().draw(renderer)
            return
        self.set_paths([Path.make_compound_path(*parts)])
        super().draw(renderer)
        self.set_paths(parts)
