"""What was found in a folder of files: sources by layer with doubts, what was left out, and hints of the plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from layers.model import Layer
from layers.read.contents import Left

SURE_LAYER = 0.65


@dataclass(frozen=True)
class Entry:
    """A file that feeds a layer, as the config will say it.

    Attributes
    ----------
    layer : what it feeds.
    path : the file; ``shapes`` is the file that gives a table its geometry, where there is one.
    source : keys of the config's ``Source`` but the path, in order; geometry's path left out likewise.
    score : how well the layer fits, 0 to 1.
    label : file and sheet, for messages.
    why : why this layer, Chinese.
    doubts : what somebody should look at: mapping key (``columns.width_m``) and a Chinese sentence.
    rows : number of rows.
    left : columns that are used for nothing.
    proofs : what was found beyond doubt of coordinates and codes, Chinese sentences.
    """

    layer: type[Layer]
    path: Path
    source: dict[str, Any]
    score: float
    label: str
    why: str
    doubts: tuple[tuple[str, str], ...] = ()
    rows: int = 0
    left: tuple[str, ...] = ()
    shapes: Path | None = None
    proofs: tuple[str, ...] = ()

    @property
    def trust(self) -> str:
        """Confidence in one word."""
        if self.score < SURE_LAYER:
            return "低"
        return "中" if self.doubts else "高"


@dataclass
class Findings:
    """Everything a folder told.

    Attributes
    ----------
    entries : sources, in the order of the config's layers.
    left : files and layers that feed nothing, with the reason.
    near : longitude and latitude of the plan.
    street, region, communities : hints for the plan's identity.
    region_doubt : what speaks against the county's code, Chinese; empty where nothing does.
    open_data, divisions, dem : blocks of the config beside ``inputs``; doubts of theirs.
    fictional : beginnings of codes that no list can know.
    """

    entries: list[Entry] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    near: tuple[float, float] | None = None
    street: str = ""
    region: str = ""
    region_name: str = ""
    region_doubt: str = ""
    communities: tuple[str, ...] = ()
    open_data: dict[str, Any] | None = None
    open_path: Path | None = None
    open_doubts: tuple[str, ...] = ()
    divisions: Path | None = None
    fictional: tuple[str, ...] = ()
    dem: Path | None = None

    def of(self, layer: type[Layer]) -> list[Entry]:
        """Return the sources of a layer."""
        return [entry for entry in self.entries if entry.layer is layer]
