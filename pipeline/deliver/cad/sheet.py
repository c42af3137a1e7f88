"""One sheet as DXF and DWG."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ezdxf.document import Drawing

from pipeline.deliver.cad.document import open_document, print_document
from pipeline.deliver.cad.dwg import write_dwg
from pipeline.deliver.cad.ground import draw_ground
from pipeline.deliver.cad.paper import draw_paper
from pipeline.deliver.sheet.trace import Laid


@dataclass(frozen=True)
class CadJob:
    """The DXF to write beside a sheet, and the date it bears; the DWG takes its name."""

    path: Path
    made: date

    @property
    def dwg(self) -> Path:
        """Where the DWG goes."""
        return self.path.with_suffix(".dwg")


@contextmanager
def _without_collection() -> Iterator[None]:
    """Keep the collector from walking a growing drawing again and again: half the time of building it."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def draw_cad(laid: Laid) -> Drawing:
    """Return a sheet as a CAD drawing: the ground in model space, the sheet in paper space."""
    doc = open_document()
    draw_ground(doc, laid)
    draw_paper(doc, laid)
    return doc


def write_cad(laid: Laid, job: CadJob) -> str:
    """Write a sheet as DXF and DWG; return why there is no DWG, empty when there is."""
    with _without_collection():
        text = print_document(draw_cad(laid), job.made)
    job.path.write_text(text, encoding="utf-8", newline="\n", errors="dxfreplace")
    return write_dwg(job.path, job.dwg)
