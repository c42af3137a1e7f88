"""Open a whole hand-in again and say what is wrong with it; also a command: ``python -m tests.handin FOLDER``."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import openpyxl
import pyogrio
from PIL import Image
from pypdf import PdfReader

# DESIGN: the hand-in tree.
FOLDERS = ("图件/JPG", "表格", "文本", "数据库/SHP", "质检")
ATLASES = {"图件/图集.pdf": "图件/JPG", "公示版/图集（公示版）.pdf": "公示版/JPG"}
FILES = (
    "图件/图集.pdf",
    "文本/方案文本（初稿）.docx",
    "文本/附表.docx",
    "数据库/一张图.gpkg",
    "数据库/一张图.qgz",
    "数据库/数据字典.xlsx",
    "数据库/元数据.xml",
    "质检/数据质检.xlsx",
    "质检/数据质检.gpkg",
    "质检/成果自检.xlsx",
    "质检/成果自检.html",
    "成果目录.xlsx",
    "manifest.json",
)
TABLES = ("资源清单一览表", "更新项目清单一览表", "匹配性分析", "分期安排一览表")
SHAPEFILES = (("HSQ_XZYD",), ("HSQ_GHYD",), ("HSQ_XMFBM", "HSQ_XMFBX", "HSQ_XMFBD"))


def check_handin(folder: Path) -> list[str]:
    """Return every defect of the hand-in in ``folder``; an empty list when it is whole."""
    left_out = "" if _has_documents(folder) else "文本"
    defects = [f"没有 {name}/" for name in FOLDERS if name != left_out and not (folder / name).is_dir()]
    asked = [name for name in FILES if not left_out or not name.startswith(f"{left_out}/")]
    defects += [f"没有 {name}" for name in asked if not (folder / name).is_file()]
    if defects:
        return defects
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    listed = {item["path"]: item for item in manifest["files"]}
    present = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} - {"manifest.json"}
    defects += [f"清单与文件不符：{name}" for name in sorted(present ^ set(listed))]
    for name in sorted(present & set(listed)):
        content = (folder / name).read_bytes()
        if (
            hashlib.sha256(content).hexdigest() != listed[name]["sha256"]
            or len(content) != listed[name]["size"]
        ):
            defects.append(f"散列或大小不符：{name}")
    jpgs = sorted(folder.rglob("*.jpg"))
    # The second is for the technician's own check, the third the public edition.
    sheets = [folder / name for name in ("图件/JPG", "质检", "公示版/JPG")]
    defects += [f"图件之外的 JPG：{p}" for p in jpgs if p.parent not in sheets]
    if not any((folder / "图件/JPG").glob("*.jpg")):
        defects.append("没有图件")
    for path in jpgs:
        with Image.open(path) as image:
            if image.size != (4961, 3508) or tuple(round(d) for d in image.info["dpi"]) != (300, 300):
                defects.append(f"{path.name}：{image.size} {image.info.get('dpi')}")
    for name, beside in ATLASES.items():
        if (folder / name).is_file():
            pages, drawn = len(PdfReader(folder / name).pages), len(list((folder / beside).glob("*.jpg")))
            # Before the sheets come the cover and one page or more with their list.
            if pages < drawn + 2:
                defects.append(f"{name}：{pages} 页，少于 {drawn} 张图加封面和目录")
    defects += _check_cad(folder)
    tables = [p.name for p in (folder / "表格").glob("*.xlsx")]
    defects += [f"没有表格 {name}" for name in TABLES if not any(name in table for table in tables)]
    for path in (folder / "表格").glob("*.xlsx"):
        book = openpyxl.load_workbook(path)
        # Only the row of sums may calculate; a text of the inputs must never become a formula.
        rows = [row for sheet in book for row in sheet.iter_rows() if row[0].value != "合计"]
        if any(cell.data_type == "f" for row in rows for cell in row):
            defects.append(f"{path.name} 含公式")
    for kinds in SHAPEFILES:
        found = [path for code in kinds for path in sorted((folder / "数据库/SHP").glob(f"*{code}.shp"))]
        infos = [pyogrio.read_info(path) for path in found]
        if not any(info["features"] for info in infos):
            defects.append(f"没有要素：{'、'.join(kinds)}")
        for path, info in zip(found, infos, strict=True):
            if info["encoding"] != "UTF-8" or info["crs"] is None:
                defects.append(f"{path.name}：{info['encoding']}，{info['crs']}")
            if not all(path.with_suffix(ext).exists() for ext in (".shx", ".dbf", ".prj", ".cpg")):
                defects.append(f"{path.name}：配套文件不全")
    return defects


def _has_documents(folder: Path) -> bool:
    """Whether the plan asked for documents, as its manifest says; without one they are missed."""
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        return True
    said = json.loads(manifest.read_text(encoding="utf-8"))
    return bool(said["parameters"]["delivery"]["documents"])


def _check_cad(folder: Path) -> list[str]:
    """Return what is wrong with the drawings for CAD; a plan may do without, but not for some of its sheets."""
    drawings = folder / "图件/DWG"
    if not drawings.is_dir():
        return []
    defects = []
    wanted = {path.stem for path in (folder / "图件/JPG").glob("*.jpg")}
    if {path.stem for path in drawings.glob("*.dxf")} != wanted:
        defects.append("图件/DWG 与 图件/JPG 的图纸不一致")
    return defects + [
        f"{path.name}：不是 AutoCAD 2010 格式的 DWG，或没有对应的 JPG"
        for path in sorted(drawings.glob("*.dwg"))
        if path.read_bytes()[:6] != b"AC1024" or path.stem not in wanted
    ]


if __name__ == "__main__":
    found = check_handin(Path(sys.argv[1]))
    sys.stdout.write("\n".join(found) + "\n" if found else f"hand-in whole: {sys.argv[1]}\n")
    sys.exit(bool(found))
