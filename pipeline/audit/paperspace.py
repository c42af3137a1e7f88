"""What a DXF says of itself, read without a CAD library: texts on paper, the viewport, entities by layer.

Reading the 41 drawings of the sample with ezdxf takes half a minute, this two seconds; what it cannot tell
(broken references, invalid entities) is left to ezdxf, see ``check_dxf_audit``.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from pipeline.audit.findings import UnreadableError

_ENTITY = "\n  0\n"
_SECTION = re.compile(r"\n  2\n(\w+)\n")


@dataclass(frozen=True)
class Text:
    """A line of text on the paper: layer and anchor in mm."""

    layer: str
    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Drawing:
    """A DXF.

    Attributes
    ----------
    version : such as AC1024.
    units : ``$INSUNITS``; 6 is metres.
    encoding_faults : places that are no UTF-8.
    texts : of the paper space.
    viewports : scale denominators of the viewports that show the model, in drawing order.
    centres : middles of their windows, drawing units.
    paper : width and height of the layout's sheet in mm; zeros where not stated.
    kinds : entities of the model space by kind.
    places : model space bounds of what has coordinates of its own, west, south, east, north.
    """

    version: str
    units: int
    texts: tuple[Text, ...]
    viewports: tuple[float, ...]
    centres: tuple[tuple[float, float], ...]
    paper: tuple[float, float]
    kinds: Counter[str]
    places: tuple[float, float, float, float]


def read_drawing(path: Path, name: str) -> Drawing:
    """Read a text DXF.

    Raises
    ------
    UnreadableError
        When it is none, or breaks off.
    """
    try:
        text = path.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise UnreadableError(name, "DXF 不是 UTF-8 文本，或已损坏") from error
    except OSError as error:
        raise UnreadableError(name, "没有这个文件，或不能读取") from error
    if not text.rstrip().endswith("EOF"):
        raise UnreadableError(name, "DXF 不完整：没有以 EOF 结束")
    sections = _split_sections(text)
    lacking = [part for part in ("HEADER", "TABLES", "BLOCKS", "ENTITIES", "OBJECTS") if part not in sections]
    if lacking:
        raise UnreadableError(name, f"DXF 缺少 {'、'.join(lacking)} 段")
    head = sections["HEADER"]
    texts: list[Text] = []
    viewports: list[float] = []
    centres: list[tuple[float, float]] = []
    kinds: Counter[str] = Counter()
    xs: list[float] = []
    ys: list[float] = []
    try:
        for entity in sections["ENTITIES"].split(_ENTITY)[1:]:
            kind, _, body = entity.partition("\n")
            if kind == "ENDSEC":
                break
            if "\n 67\n1\n" in entity:
                if kind == "TEXT":
                    texts.append(_read_text(body))
                elif kind == "VIEWPORT":
                    _read_viewport(body, viewports, centres)
                continue
            kinds[kind] += 1
            place = _find_place(entity)
            if place:
                xs.append(place[0])
                ys.append(place[1])
        paper = _read_paper(sections["OBJECTS"])
        units = int(_variable(head, "$INSUNITS", " 70") or 0)
    except (ValueError, KeyError) as error:
        raise UnreadableError(name, "DXF 的组码与数值不成对，文件已损坏") from error
    return Drawing(
        _variable(head, "$ACADVER", "  1"), units, tuple(texts), tuple(viewports), tuple(centres), paper, kinds,
        (min(xs), min(ys), max(xs), max(ys)) if xs else (0.0, 0.0, 0.0, 0.0),
    )  # fmt: skip


def _split_sections(text: str) -> dict[str, str]:
    found = {}
    for part in text.split("\n  0\nSECTION"):
        match = _SECTION.match(part)
        if match:
            found[match[1]] = part
    first = _SECTION.search(text[:200])
    if first and first[1] not in found:
        found[first[1]] = text.split("\n  0\nSECTION")[0]
    return found


def _variable(head: str, name: str, code: str) -> str:
    match = re.search(rf"\n{re.escape(name)}\n{code}\n([^\n]*)", head)
    return match[1].strip() if match else ""


def _tags(body: str) -> dict[str, str]:
    """Return the first value of each group code."""
    lines = body.split("\n")
    found: dict[str, str] = {}
    for code, value in zip(lines[::2], lines[1::2], strict=False):
        found.setdefault(code.strip(), value)
    return found


def _read_text(body: str) -> Text:
    tags = _tags(body)
    x, y = ("11", "21") if "11" in tags else ("10", "20")
    return Text(tags["8"], float(tags[x]), float(tags[y]), tags["1"])


def _read_viewport(body: str, scales: list[float], centres: list[tuple[float, float]]) -> None:
    """Add the scale of a viewport; the one of the paper itself, number 1, shows no model."""
    tags = _tags(body)
    if tags.get("69", "1").strip() == "1":
        return
    height = float(tags["41"])
    scales.append(float(tags["45"]) / height * 1000 if height else 0.0)
    centres.append((float(tags["12"]), float(tags["22"])))


def _find_place(entity: str) -> tuple[float, float] | None:
    """Return the first coordinates that are no heights."""
    match = re.search(r"\n 10\n([^\n]+)\n 20\n([^\n]+)\n(?! 30\n0\.0\n210)", entity)
    if match is None:
        return None
    x, y = float(match[1]), float(match[2])
    return (x, y) if x or y else None


def _read_paper(objects: str) -> tuple[float, float]:
    """Return the sheet of the first layout that is no model space."""
    for layout in objects.split(_ENTITY):
        if not layout.startswith("LAYOUT\n"):
            continue
        plot, _, own = layout.partition("AcDbLayout")
        if "\n  1\nModel\n" in own:
            continue
        tags = _tags(plot.partition("AcDbPlotSettings\n")[2])
        return float(tags.get("44", 0)), float(tags.get("45", 0))
    return (0.0, 0.0)
