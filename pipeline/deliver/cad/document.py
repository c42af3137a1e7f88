"""An empty drawing with what every sheet's drawing shares, and its text, the same bytes each time."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime

import ezdxf
from ezdxf import options
from ezdxf.document import Drawing
from ezdxf.tools.juliandate import juliandate

from styles.cad import CadSymbol, Linetype, linetypes

# R2010 is UTF-8, knows true colour and transparency, and is read by every CAD program since.
VERSION = "R2010"
METRES, METRIC = 6, 1
STYLE, FONT, FAMILY = "HSQ-黑体", "simhei.ttf", "SimHei"
PAPER = "图纸"
_FIXED = datetime(2000, 1, 1)
_DATES = ("$TDCREATE", "$TDUCREATE", "$TDUPDATE", "$TDUUPDATE")


@contextmanager
def _without_clock() -> Iterator[None]:
    """Keep ezdxf from writing the time and chance identifiers."""
    before = options.write_fixed_meta_data_for_testing
    options.write_fixed_meta_data_for_testing = True
    try:
        yield
    finally:
        options.write_fixed_meta_data_for_testing = before


def open_document() -> Drawing:
    """Return an empty drawing in metres with the Chinese text style and one paper space."""
    with _without_clock():
        doc = ezdxf.new(VERSION, setup=False)
    header = doc.header
    header["$INSUNITS"], header["$MEASUREMENT"] = METRES, METRIC
    # ezdxf names a dimension style that it does not make, which the DWG writer refuses.
    header["$DIMSTYLE"] = "Standard"
    # Patterns of lines are in metres at the sheet's scale; a viewport must not scale them again.
    header["$LTSCALE"], header["$PSLTSCALE"] = 1.0, 0
    header["$LWDISPLAY"] = 1
    style = doc.styles.add(STYLE, font=FONT)
    style.set_extended_font_data(FAMILY)
    header["$TEXTSTYLE"] = STYLE
    doc.layouts.rename("Layout1", PAPER)
    return doc


def add_linetype(doc: Drawing, linetype: Linetype, *, unit: float) -> str:
    """Add a linetype unless it is there and return its name; `unit` is drawing units of one mm on paper."""
    if linetype.pattern and linetype.name not in doc.linetypes:
        pattern = [linetype.length * unit, *(part * unit for part in linetype.pattern)]
        doc.linetypes.add(linetype.name, pattern)
    return linetype.name


def add_symbol_layers(doc: Drawing, symbols: Iterable[CadSymbol], *, unit: float) -> None:
    """Add the layers of classes, with their linetypes at the sheet's scale."""
    chosen = list(symbols)
    for linetype in linetypes(chosen):
        add_linetype(doc, linetype, unit=unit)
    for item in chosen:
        layer = doc.layers.add(
            item.layer, color=item.colour.aci, true_color=item.colour.true,
            linetype=item.linetype.name, lineweight=item.lineweight or -3,
        )  # fmt: skip
        layer.description = item.name


def print_document(doc: Drawing, made: date) -> str:
    """Return the DXF text, dated ``made`` and with no other trace of when or where it was written."""
    # Left to itself ezdxf lists classes in the order of a set, which differs from process to process.
    for kind in sorted(doc.entitydb.dxf_types_in_use()):
        doc.classes.add_class(kind)
    stream = io.StringIO()
    with _without_clock():
        doc.write(stream)
    text = stream.getvalue()
    end = text.index("ENDSEC")
    head = text[:end]
    day = juliandate(datetime(made.year, made.month, made.day))
    for name in _DATES:
        head = head.replace(f"{name}\n 40\n{juliandate(_FIXED)}\n", f"{name}\n 40\n{day}\n")
    return head + text[end:]
