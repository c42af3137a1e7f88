"""Sheets: JPGs at 300 dpi on A3, the atlas page by page, the drawings the guideline's catalogue asks for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from configs import read_settings
from pipeline.audit.findings import Checked, UnreadableError, check
from pipeline.audit.folder import ABSENT, ATLAS, CATALOGUE, PUBLIC, SHEETS, HandIn, Listed
from pipeline.audit.pictures import Picture
from styles.frame import load_frame

A3_MM = (420.0, 297.0)
_NEAR_MM = 1.0
_NOT_CHOSEN = "sheets.only"


def _settings() -> dict[str, float]:
    found: dict[str, float] = read_settings("audit.yaml")["drawings"]
    return found


def _open(handin: HandIn, name: str) -> Picture | None:
    """Return a picture, None where another check tells that it cannot be read."""
    try:
        return handin.picture(name)
    except UnreadableError:
        return None


@check("jpg_dpi", "图纸分辨率", group="图纸")
def check_dpi(handin: HandIn, out: Checked, *, folders: Sequence[str] = (SHEETS, f"{PUBLIC}/JPG")) -> None:
    """Every sheet has 300 dpi in its header (G-11, requirements §7.13)."""
    least = _settings()["dpi"]
    names = [name for folder in folders for name in handin.under(folder, ".jpg", ".jpeg")]
    read = 0
    for name in names:
        picture = _open(handin, name)
        if picture is None:
            continue
        read += 1
        if min(picture.dpi) < least:
            shown = "没有写明" if not all(picture.dpi) else f"{picture.dpi[0]:g}×{picture.dpi[1]:g} dpi"
            out.fault(f"分辨率不足 {least:g} dpi", file=name, value=shown)
    if read:
        out.see(f"{read} 张 JPG 逐张读取文件头，均不低于 {least:g} dpi", file=names[0].rsplit("/", 1)[0])


@check("jpg_paper", "图纸幅面", group="图纸")
def check_paper(handin: HandIn, out: Checked, *, folders: Sequence[str] = (SHEETS, f"{PUBLIC}/JPG")) -> None:
    """Every sheet is A3 across at its own resolution and not empty (X-03)."""
    names = [name for folder in folders for name in handin.under(folder, ".jpg", ".jpeg")]
    for name in names:
        try:
            picture = handin.picture(name)
        except UnreadableError as error:
            out.fault(error.why, file=name)
            continue
        off = [abs(got - want) > _NEAR_MM for got, want in zip(picture.paper_mm, A3_MM, strict=True)]
        # Resolution is another check's: one wrong number is told once.
        pixels = picture.size[0] / picture.size[1]
        if abs(pixels - A3_MM[0] / A3_MM[1]) > 0.005 or (any(off) and min(picture.dpi) >= _settings()["dpi"]):
            out.fault(
                "不是 A3 横幅（420×297 mm）", file=name,
                value=f"{picture.size[0]}×{picture.size[1]} 像素，{picture.paper_mm[0]:.0f}×{picture.paper_mm[1]:.0f} mm",
            )  # fmt: skip
        if picture.spread < _settings()["least_spread"]:
            out.fault("图面是空白的", file=name, value=f"灰度标准差 {picture.spread:.1f}")
    if names:
        out.see(f"{len(names)} 张 JPG 均为 A3 横幅，图面完整", file=names[0].rsplit("/", 1)[0])


def place_pages(handin: HandIn) -> dict[str, int]:
    """Return the page of the atlas by sheet: a page a sheet, in the order of 成果目录, after what comes first.

    Empty without an atlas, or where it has fewer pages than sheets (UnreadableError when damaged).
    """
    if ATLAS not in handin.files:
        return {}
    numbers = [item.number for item in list_drawn(handin)]
    first = len(handin.pdf(ATLAS)) - len(numbers)
    return {number: first + at for at, number in enumerate(numbers)} if first >= 0 else {}


@check("atlas_pages", "图集页数与幅面", group="图纸")
def check_atlas(handin: HandIn, out: Checked) -> None:
    """A page a sheet after cover and list; all of A3."""
    for name, folder in ((ATLAS, SHEETS), (f"{PUBLIC}/图集（公示版）.pdf", f"{PUBLIC}/JPG")):
        sheets = handin.under(folder, ".jpg", ".jpeg")
        if name not in handin.files and (folder != SHEETS or not sheets):
            continue
        pages = handin.pdf(name)
        for number, (width, height) in enumerate(pages.list_sizes(), 1):
            if abs(width - A3_MM[0]) > _NEAR_MM or abs(height - A3_MM[1]) > _NEAR_MM:
                out.fault(
                    "页面不是 A3 横幅", file=name, row=f"第 {number} 页", value=f"{width:.0f}×{height:.0f} mm"
                )
        if len(pages) < len(sheets) + 2:
            out.fault(f"页数少于 {len(sheets)} 张图加封面和图纸目录", file=name, value=f"{len(pages)} 页")
        out.see(f"{len(pages)} 页，均为 A3，图 {len(sheets)} 张", file=name)


@check("sheet_scales", "图纸比例尺为整比例", group="图纸")
def check_scales(handin: HandIn, out: Checked) -> None:
    """The scale of each sheet is one of the round ones, the same in list, 图签 and viewport (X-03)."""
    scales = {float(value) for value in load_frame("standard").scales}
    for item in list_drawn(handin):
        match = re.search(r"1:(\d+)", item.note)
        if match is None:
            out.doubt(
                "成果目录没有写比例尺", file=CATALOGUE, sheet="成果目录", row=item.row, value=item.title
            )
            continue
        if float(match[1]) not in scales:
            out.fault("比例尺不是整比例", file=item.file, row=item.row, value=f"1:{match[1]}")
        out.see(f"{item.number} 比例尺 1:{match[1]}", file=item.file)


def list_drawn(handin: HandIn) -> list[Listed]:
    """Return the sheets of 成果目录 that are part of the guideline's catalogue."""
    return [item for item in handin.catalogue if item.kind == "图件" and item.file.startswith(f"{SHEETS}/")]


@check("sheets", "图纸", group="图纸")
def check_sheets(
    handin: HandIn, out: Checked, *, numbers: Sequence[str], words: Sequence[str] = (), optional: bool = False
) -> None:
    """Sheets of the catalogue are there as JPG with the words they must show; else the list says why not.

    Parameters
    ----------
    numbers : 图号; one that ends in ``-`` stands for all that begin so.
    words : what the drawing must say, in legend or tables; read from the DXF, else from the atlas.
    optional : whether the guideline leaves the sheet to the plan.
    """
    titles = {
        str(sheet["number"]): str(sheet["title"]) for sheet in read_settings("catalogue.yaml")["sheets"]
    }
    wanted = [
        one for one in titles if any(one.startswith(n) if n.endswith("-") else one == n for n in numbers)
    ]
    there = {handin.sheet_number(name): name for name in handin.under(SHEETS, ".jpg", ".jpeg")}
    skipped = []
    for number in wanted:
        if number in there:
            out.see(f"{number} {titles[number]}", file=there[number])
            said = _read_words(handin, number) if words else ""
            for word in words:
                if said and word not in said:
                    out.fault(f"图上没有“{word}”", file=there[number], value=number)
            if words and not said:
                out.doubt(
                    f"没有可读的 CAD 图和图集，请在图上核对{'、'.join(words)}",
                    file=there[number],
                    value=number,
                )
            continue
        why = handin.why_absent(number, kind="图件")
        if why is None:
            out.fault(f"缺少图纸“{titles[number]}”，成果目录也没有说明原因", file=SHEETS, value=number)
        elif _NOT_CHOSEN in why.note:
            skipped.append(number)
        else:
            out.see(
                f"{number} {titles[number]}：未绘，{why.note}",
                file=CATALOGUE,
                sheet=ABSENT,
                row=why.row,
            )
    if skipped:
        out.doubt(
            f"配置 sheets.only 只出部分图纸，未出 {len(skipped)} 张；提交前应出全", file=CATALOGUE,
            sheet=ABSENT, value="、".join(skipped),
        )  # fmt: skip
    if not any(number in there for number in wanted) and not out.wrong and not skipped:
        reasons = "；".join(spot.said for spot in out.seen)
        out.seen.clear()
        if optional:
            out.void = f"可选图纸，本方案没有绘制：{reasons}"
        else:
            out.doubt(f"没有可绘的内容，请确认：{reasons}", file=CATALOGUE, sheet=ABSENT)


def _read_words(handin: HandIn, number: str) -> str:
    """Return the words on a sheet by its DXF, else by its page of the atlas; empty where neither can be read."""
    said = handin.sheet_words(number)
    if said:
        return said
    try:
        page = place_pages(handin).get(number)
        return "" if page is None else handin.pdf(ATLAS).read_words(page)
    except UnreadableError:
        return ""


@check("sheets_all_kinds", "每张图都有 JPG 和 DWG", group="图纸")
def check_kinds(handin: HandIn, out: Checked) -> None:
    """Each sheet of the list is there as JPG, DXF and DWG (X-05)."""
    jpg = {handin.sheet_number(name): name for name in handin.under(SHEETS, ".jpg", ".jpeg")}
    cad = {
        end: {handin.sheet_number(name) for name in handin.under("图件/DWG", end)} for end in (".dwg", ".dxf")
    }
    if not jpg:
        out.fault("没有一张 JPG 图纸", file=SHEETS)
        return
    if handin.parameter("delivery", "cad") is False and not cad[".dwg"]:
        out.doubt("配置 delivery.cad 为 false，没有出 CAD 图；提交前须补出 dwg", file="图件/DWG")
        return
    for number, name in jpg.items():
        if number not in cad[".dwg"]:
            out.fault("没有对应的 DWG", file=name, value=number)
        if number not in cad[".dxf"]:
            out.fault("没有对应的 DXF", file=name, value=number)
    for number in sorted((cad[".dwg"] | cad[".dxf"]) - jpg.keys()):
        out.fault("CAD 图没有对应的 JPG", file="图件/DWG", value=number)
    out.see(f"JPG {len(jpg)} 张，DWG {len(cad['.dwg'])} 份，DXF {len(cad['.dxf'])} 份", file="图件")


@check("groups", "图件六类齐全", group="图纸")
def check_groups(handin: HandIn, out: Checked) -> None:
    """At least one drawing of each group of the catalogue (6.1(2))."""
    settings = read_settings("catalogue.yaml")
    there = {handin.sheet_number(name): name for name in handin.under(SHEETS, ".jpg", ".jpeg")}
    for group, title in settings["groups"].items():
        numbers = [
            str(sheet["number"])
            for sheet in settings["sheets"]
            if sheet["group"] == group and "folder" not in sheet
        ]
        if not numbers:
            continue
        found = [number for number in numbers if number in there]
        if found:
            out.see(f"{title} {len(found)} 张", file=there[found[0]], value="、".join(found[:8]))
            continue
        whys = [
            why for why in (handin.why_absent(number, kind="图件") for number in numbers) if why is not None
        ]
        if any(_NOT_CHOSEN in why.note for why in whys):
            out.doubt(
                f"没有{title}：配置 sheets.only 未选；提交前应出全",
                file=CATALOGUE,
                sheet=ABSENT,
                row=whys[0].row,
            )
        elif whys:
            out.doubt(f"没有{title}：{whys[0].note}，请确认", file=CATALOGUE, sheet=ABSENT, row=whys[0].row)
        else:
            out.fault(f"没有{title}，成果目录也没有说明原因", file=SHEETS)
