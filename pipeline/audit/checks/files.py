"""Files: the parts of a hand-in, what its own list names, names that travel, files of other trades."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from layers.read.archive import DAMAGED
from pipeline.audit.findings import Checked, UnreadableError, check
from pipeline.audit.folder import ABSENT, ATLAS, CATALOGUE, MANIFEST, PAPERS, REPORTS, HandIn
from pipeline.deliver.metadata import PATH as METADATA

_FORBIDDEN = re.compile(r'[<>:"\\|?*\x00-\x1f]|[ .]$')
_RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com[1-9]|lpt[1-9])(\.|$)")
_LONGEST = 255  # bytes of a name most systems take
_OPENED = (".xlsx", ".docx")


@check("catalogue_files", "成果目录所列文件齐全", group="文件")
def check_catalogue(handin: HandIn, out: Checked) -> None:
    """Every file 成果目录.xlsx lists is there, and no other."""
    if CATALOGUE not in handin.files:
        out.fault("没有成果目录，无从核对应有哪些文件", file=CATALOGUE)
        return
    handin.book(CATALOGUE)
    # The report is being written while it is listed already.
    pending = set(REPORTS) if handin.running else set()
    listed = {item.file: item for item in handin.catalogue if item.file}
    for name, item in listed.items():
        if name not in handin.files and name not in pending and not (handin.running and name == MANIFEST):
            out.fault(
                f"目录列出“{item.title}”，成果中没有这个文件", file=name, sheet="成果目录", row=item.row,
                value=item.number,
            )  # fmt: skip
    stems = {name.rsplit(".", 1)[0] for name in listed if name.endswith(".shp")}
    for name in handin.files:
        beside = name.rsplit(".", 1)[0] in stems and not name.endswith(".shp")
        if name not in listed and not beside and name != MANIFEST:
            out.fault("目录没有列出这个文件", file=name)
    if not listed:
        out.fault("成果目录没有内容或表头已改动", file=CATALOGUE)
        return
    out.see(f"目录列出 {len(listed)} 项，未提供 {len(handin.absent)} 项", file=CATALOGUE, sheet="成果目录")


@check("file_names", "文件名", group="文件")
def check_names(handin: HandIn, out: Checked) -> None:
    """Names can be written on every system; drawings and tables keep their patterns."""
    seen: dict[str, str] = {}
    for name in handin.files:
        for part in name.split("/"):
            if _FORBIDDEN.search(part) or _RESERVED.match(part):
                out.fault("文件名含 Windows 不允许的字符或保留名", file=name, value=part)
            if len(part.encode()) > _LONGEST:
                out.fault("文件名过长", file=name, value=f"{len(part.encode())} 字节")
        twin = seen.setdefault(name.casefold(), name)
        if twin != name:
            out.fault(f"与“{twin}”只有大小写不同", file=name)
    _check_patterns(handin, out)
    if handin.files:
        out.see(f"{len(handin.files)} 个文件名符合要求")


def _check_patterns(handin: HandIn, out: Checked) -> None:
    area, region = handin.area, str(handin.parameter("plan", "region_code") or "")
    for spec_file in (
        handin.table_file(key) for key in ("resource_list", "project_list", "matching", "phasing")
    ):
        if spec_file and area and area not in spec_file.rsplit("/", 1)[-1]:
            out.fault(f"表格文件名没有“{area}”", file=spec_file)
    pattern = handin.parameter("delivery", "shp_pattern") or "{region}{area}_{layer}"
    for code, name in handin.shape_files.items():
        stem = name.rsplit("/", 1)[-1].removesuffix(".shp")
        words = {"{region}": region or r"\d{6}", "{area}": re.escape(area) if area else ".+", "{layer}": code,
                 "{alias}": ".+"}  # fmt: skip
        wanted = re.escape(str(pattern))
        for key, value in words.items():
            wanted = wanted.replace(re.escape(key), value)
        if re.fullmatch(wanted, stem) is None:
            out.fault(f"文件名不符合命名模式 {pattern}", file=name, value=stem)
    for name in [*handin.under("图件/JPG", ".jpg"), *handin.under("图件/DWG", ".dwg", ".dxf")]:
        item = next((item for item in handin.catalogue if item.file == name), None)
        stem = name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        if item is not None and not (item.number in stem or item.title in stem):
            out.fault(
                "图纸文件名与成果目录的图号、图名不符",
                file=name,
                row=item.row,
                value=f"{item.number} {item.title}",
            )


@check("office_open", "文档和表格可以打开", group="文件")
def check_office(handin: HandIn, out: Checked) -> None:
    """Every xlsx and docx is a sound package of well-formed XML."""
    names = [
        name
        for name in handin.files
        if name.lower().endswith(_OPENED) and name not in REPORTS and "/~$" not in name
    ]
    for name in names:
        wrong = find_damage(handin, name)
        if wrong:
            out.fault(wrong, file=name)
    if names:
        out.see(f"{len(names)} 个 xlsx、docx 逐个打开，压缩包完整、XML 格式正确")


def find_damage(handin: HandIn, name: str) -> str:
    """Return what is wrong with an Office file; empty when nothing is."""
    wanted = "xl/workbook.xml" if name.lower().endswith(".xlsx") else "word/document.xml"
    try:
        with zipfile.ZipFile(handin.files[name]) as parts:
            broken = parts.testzip()
            if broken:
                return f"压缩包已损坏：{broken}"
            if wanted not in parts.namelist():
                return f"不是 Office 文件：没有 {wanted}"
            for part in parts.namelist():
                if part.endswith((".xml", ".rels")):
                    ET.fromstring(parts.read(part))
    except DAMAGED:
        return "不是可以打开的 Office 文件，或已损坏"
    except ET.ParseError as error:
        return _tell_xml(error)
    return ""


def _tell_xml(error: ET.ParseError) -> str:
    row, column = error.position
    return f"XML 格式有误：第 {row} 行第 {column + 1} 个字符处"


@check("metadata_xml", "元数据格式", group="数据库")
def check_metadata(handin: HandIn, out: Checked) -> None:
    """元数据.xml is well-formed and is a record of ISO 19139."""
    name = METADATA
    if name not in handin.files:
        out.fault("没有元数据", file=name)
        return
    try:
        root = ET.fromstring(handin.files[name].read_bytes())
    except ET.ParseError as error:
        raise UnreadableError(name, _tell_xml(error)) from error
    if not root.tag.endswith("}MD_Metadata"):
        out.fault("根元素不是 gmd:MD_Metadata", file=name, value=root.tag)
    title = str(handin.parameter("plan", "title") or "")
    words = " ".join(text.strip() for text in root.itertext() if text.strip())
    if title and title not in words:
        out.fault("元数据中没有本方案的名称", file=name, value=title)
    out.see(f"XML 格式正确，{sum(1 for _ in root.iter())} 个元素", file=name, value=title)


@check("folder_has", "文件齐全", group="文件")
def check_folder(
    handin: HandIn, out: Checked, *, folders: Sequence[str], suffixes: Sequence[str] = (), what: str = "",
    people: bool = False,
) -> None:  # fmt: skip
    """Each folder (or file) named is there and holds files.

    Parameters
    ----------
    people : whether the files come from people: what lacks is then for a person to add, no fault of the files.
    """
    for folder in folders:
        found = [folder] if folder in handin.files else handin.under(folder, *suffixes)
        empty = [name for name in found if handin.files[name].stat().st_size == 0]
        for name in empty:
            out.fault("文件是空的", file=name)
        if found:
            shown = "、".join(name.rsplit("/", 1)[-1] for name in found[:3])
            out.see(f"{len(found)} 个文件：{shown}{' 等' if len(found) > 3 else ''}", file=folder)
        elif people:
            out.doubt(f"没有收到{what or folder}，须由编制单位补入后提交", file=folder)
        else:
            out.fault(f"没有{what or folder}", file=folder)


@check("papers_open", "附件可以打开", group="文件")
def check_papers(handin: HandIn, out: Checked) -> None:
    """Papers copied as given are not empty."""
    names = handin.under(PAPERS)
    for name in names:
        if handin.files[name].stat().st_size == 0:
            out.fault("附件是空文件", file=name)
    if names:
        out.see(f"{len(names)} 份附件", file=PAPERS)
    else:
        out.void = "成果没有附件"


@check("atlas_there", "图集", group="图纸")
def check_atlas_there(handin: HandIn, out: Checked) -> None:
    """The atlas for printing is there and opens."""
    if ATLAS not in handin.files:
        out.fault("没有图集 PDF", file=ATLAS)
        return
    pages = len(handin.pdf(ATLAS))
    if pages:
        out.see(f"图集 PDF 可以打开，{pages} 页，A3 单面打印用", file=ATLAS)
    else:
        out.fault("图集没有一页", file=ATLAS)


@check("absent_reasons", "未提供的成果均写明原因", group="文件")
def check_reasons(handin: HandIn, out: Checked) -> None:
    """Everything the list leaves out has a reason."""
    for item in handin.absent:
        if not item.note.strip():
            out.fault(f"“{item.title}”没有写明原因", file=CATALOGUE, sheet=ABSENT, row=item.row)
    if handin.absent:
        out.see(f"{len(handin.absent)} 项，均有原因", file=CATALOGUE, sheet=ABSENT)
