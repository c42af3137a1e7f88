"""CAD: DWG and DXF of each sheet are whole, of A3 at the sheet's scale, in metres, and say what the sheet says."""

from __future__ import annotations

import math
import re

from configs import read_settings
from layers.crs import GEOGRAPHIC
from pipeline.audit.checks.sheets import A3_MM, list_drawn, place_pages
from pipeline.audit.dwg import RELEASES, read_head
from pipeline.audit.findings import Checked, UnreadableError, check
from pipeline.audit.folder import ATLAS, CATALOGUE, DRAWINGS, HandIn
from pipeline.audit.paperspace import Drawing

_METRES = 6
_NEAR_SCALE = 0.001


@check("dwg_whole", "DWG 完整", group="CAD")
def check_dwg(handin: HandIn, out: Checked) -> None:
    """Each DWG is one, and as long as its own page map says."""
    releases: dict[str, int] = {}
    names = handin.under(DRAWINGS, ".dwg")
    for name in names:
        try:
            head = read_head(handin.files[name], name)
        except UnreadableError as error:
            out.fault(error.why, file=name)
            continue
        releases[head.release] = releases.get(head.release, 0) + 1
    if releases:
        told = "、".join(
            f"AutoCAD {RELEASES[key]}（{key}）{count} 份" for key, count in sorted(releases.items())
        )
        out.see(f"逐份读取文件头和页表，长度、校验值相符：{told}", file=DRAWINGS)
    elif not names:
        out.void = "没有 DWG"


@check("dxf_whole", "DXF 完整", group="CAD")
def check_dxf(handin: HandIn, out: Checked) -> None:
    """Each DXF has its sections and its end, is in metres, and its model is where the plan is."""
    drawn = 0
    ground = _ground(handin)
    for name in handin.drawing_files.values():
        try:
            drawing = handin.drawing(name)
        except UnreadableError as error:
            out.fault(error.why, file=name)
            continue
        drawn += 1
        if drawing.units != _METRES:
            out.fault("图形单位不是米（$INSUNITS 应为 6）", file=name, value=drawing.units)
        if not drawing.kinds:
            out.fault("模型空间没有图形", file=name)
        if ground and not _meets(drawing.places, ground):
            out.fault(
                "模型空间的坐标不在规划范围附近", file=name,
                value=f"东 {drawing.places[0]:.0f}–{drawing.places[2]:.0f}，北 {drawing.places[1]:.0f}–{drawing.places[3]:.0f}",
            )  # fmt: skip
    if drawn:
        out.see(f"{drawn} 份 DXF 各段齐全、单位为米、模型空间为实地坐标", file=DRAWINGS)
    elif not handin.drawing_files:
        out.void = "没有 DXF"


def _ground(handin: HandIn) -> tuple[float, float, float, float] | None:
    """Return the bounds of the study area; None where it is not in metres of the drawings' own zone."""
    shape = handin.shape("HSQ_GXFW")
    if shape is None or not len(shape.frame) or shape.epsg in (0, GEOGRAPHIC):
        return None
    west, south, east, north = (float(side) for side in shape.frame.total_bounds)
    prefix = math.floor(west / 1_000_000) * 1_000_000
    return (west - prefix, south, east - prefix, north)


def _meets(one: tuple[float, float, float, float], two: tuple[float, float, float, float]) -> bool:
    return one[0] <= two[2] and two[0] <= one[2] and one[1] <= two[3] and two[1] <= one[3]


@check("dxf_scale", "DXF 图纸空间与比例", group="CAD")
def check_scale(handin: HandIn, out: Checked) -> None:
    """The paper is A3 and its one viewport shows the map at the scale that list and 图签 name (X-03)."""
    listed = {item.number: item for item in handin.catalogue if item.kind == "图件"}
    count = 0
    for number, name in handin.drawing_files.items():
        drawing = _open(handin, name)
        if drawing is None:
            continue
        count += 1
        if any(abs(got - want) > 0.5 for got, want in zip(drawing.paper, A3_MM, strict=True)):
            out.fault("图纸空间不是 A3", file=name, value=f"{drawing.paper[0]:g}×{drawing.paper[1]:g} mm")
        if len(drawing.viewports) != 1:
            out.fault("图纸空间应有一个视口", file=name, value=f"{len(drawing.viewports)} 个")
            continue
        scale = drawing.viewports[0]
        told = {text.text for text in drawing.texts if re.fullmatch(r"1:\d+", text.text)}
        said = re.search(r"1:(\d+)", listed[number].note) if number in listed else None
        wanted = {float(text[2:]) for text in told} | ({float(said[1])} if said else set())
        if not wanted:
            out.doubt("图签和成果目录都没有写比例尺，视口比例请人工核对", file=name, sheet=number)
        if any(abs(scale / one - 1) > _NEAR_SCALE for one in wanted):
            out.fault(
                "视口比例与图签、成果目录不符", file=name, sheet=number,
                value=f"视口 1:{scale:.0f}，图签 {'、'.join(sorted(told)) or '无'}，目录 {said[0] if said else '无'}",
            )  # fmt: skip
    if count:
        out.see(f"{count} 份 DXF 图幅 A3，视口比例与图签、成果目录一致", file=DRAWINGS)


def _open(handin: HandIn, name: str) -> Drawing | None:
    """Return a drawing, None where another check tells that it cannot be read."""
    try:
        return handin.drawing(name)
    except UnreadableError:
        return None


@check("dxf_title", "DXF 图签", group="CAD")
def check_title(handin: HandIn, out: Checked) -> None:
    """图签 names the plan, the sheet and its number as the list does."""
    listed = {item.number: item for item in handin.catalogue if item.kind == "图件"}
    title = str(handin.parameter("plan", "title") or "")
    count = 0
    for number, name in handin.drawing_files.items():
        drawing = _open(handin, name)
        if drawing is None:
            continue
        count += 1
        said = "".join(text.text for text in drawing.texts if text.layer == "TK-图签")
        if number in listed:
            wanted = [listed[number].title, number, *([title] if title else [])]
            for word in wanted:
                if word.replace(" ", "") not in said.replace(" ", ""):
                    out.fault("图签与成果目录不符", file=name, sheet=number, value=f"图签中没有“{word}”")
    if count:
        out.see(f"{count} 份 DXF 的图签与成果目录的图号、图名一致", file=DRAWINGS)


@check("dxf_audit", "DXF 结构（ezdxf 审计）", group="CAD")
def check_structure(handin: HandIn, out: Checked) -> None:
    """ezdxf finds no error in the drawings it is given: the smallest ones up to a limit, as it is slow."""
    import ezdxf
    from ezdxf import DXFError

    limit = float(read_settings("audit.yaml")["drawings"]["ezdxf_mb"]) * 1_000_000
    names = sorted(handin.drawing_files.values(), key=lambda name: (handin.files[name].stat().st_size, name))
    spent, looked = 0.0, 0
    for name in names:
        size = handin.files[name].stat().st_size
        if looked and spent + size > limit:
            break
        spent += size
        looked += 1
        try:
            auditor = ezdxf.readfile(handin.files[name]).audit()
        except (
            DXFError,
            StopIteration,
            OSError,
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
        ) as error:
            out.fault("ezdxf 不能读取，DXF 已损坏", file=name, value=type(error).__name__)
            continue
        for entry in auditor.errors[:5]:
            out.fault("ezdxf 审计有错误", file=name, value=entry.message)
        for entry in auditor.fixes[:5]:
            out.fault("ezdxf 审计须修复", file=name, value=entry.message)
    if looked:
        rest = (
            f"；其余 {len(names) - looked} 份只查各段结构（configs/audit.yaml 的 ezdxf_mb）"
            if looked < len(names)
            else ""
        )
        out.see(f"ezdxf 审计 {looked} 份，没有错误{rest}", file=DRAWINGS)


@check("atlas_words", "图集与 CAD 图的附表一致", group="数字")
def check_words(handin: HandIn, out: Checked) -> None:
    """Every word and number of a sheet's tables in the DXF stands on its page of the atlas."""
    if ATLAS not in handin.files or not handin.drawing_files:
        out.void = "没有图集或 CAD 图"
        return
    pages, places = handin.pdf(ATLAS), place_pages(handin)
    if list_drawn(handin) and not places:
        out.fault("图集页数少于图纸数", file=ATLAS, value=f"{len(pages)} 页")
        return
    count = 0
    for number, at in places.items():
        name = handin.drawing_files.get(number)
        drawing = None if name is None else _open(handin, name)
        if drawing is None or name is None:
            continue
        page = pages.read_words(at)
        for text in drawing.texts:
            word = re.sub(r"\s+", "", text.text)
            if text.layer in ("TK-附表", "TK-图签", "TK-图例") and word not in page:
                out.fault(
                    "CAD 图上有而图集该页没有",
                    file=ATLAS,
                    sheet=number,
                    row=f"第 {at + 1} 页",
                    value=text.text,
                )
            count += text.layer == "TK-附表"
    if count:
        out.see(
            f"{len(places)} 页，附表 {count} 处文字、数字逐一相符（顺序按成果目录）",
            file=ATLAS,
            value=CATALOGUE,
        )
