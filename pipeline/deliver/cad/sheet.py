"""One sheet as DXF and DWG."""

from __future__ import annotations

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


def draw_cad(laid: Laid) -> Drawing:
    """Return a sheet as a CAD drawing: the ground in model space, the sheet in paper space."""
    doc = open_document()
    draw_ground(doc, laid)
    draw_paper(doc, laid)
    return doc


def write_cad(laid: Laid, job: CadJob) -> str:
    """Write a sheet as DXF and DWG; return why there is no DWG, empty when there is."""
    doc = draw_cad(laid)
    # CRLF, as CAD programs themselves write it, on every system.
    text = print_document(doc, job.made)
    job.path.write_text(text, encoding="utf-8", newline="\r\n", errors="dxfreplace")
    return write_dwg(job.path, job.dwg)
