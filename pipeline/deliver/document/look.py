"""How the documents look: paragraph styles, numbering of chapters, fonts, and the sections' paper and margins.

Sizes are 字号; every style names its East Asian font, or Word would take one of its own. Fonts are those that
Windows and WPS bring; ``FONTS`` names what stands in where they are missing.
"""

from __future__ import annotations

from dataclasses import dataclass

SIZES = {
    "一号": 26.0, "小一": 24.0, "二号": 22.0, "小二": 18.0, "三号": 16.0, "小三": 15.0, "四号": 14.0, "小四": 12.0,
    "五号": 10.5, "小五": 9.0, "六号": 7.5, "小六": 6.5,
}  # fmt: skip
_LATIN = "Times New Roman"
# What Word looks for where the font is not installed, in order, and the family to fall back to.
FONTS = {
    "仿宋": ("FangSong,仿宋_GB2312,FZFangSong-Z02,Noto Serif CJK SC", "modern"),
    "宋体": ("SimSun,Noto Serif CJK SC,Source Han Serif SC", "auto"),
    "黑体": ("SimHei,Noto Sans CJK SC,Source Han Sans SC", "modern"),
    "楷体": ("KaiTi,楷体_GB2312", "modern"),
}
NAMESPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"

TWIPS_PER_CM = 567.0
A4_CM = (21.0, 29.7)
# 6.2: both sides of the paper are printed, so the inner margin is the wider and changes sides.
INNER_CM, OUTER_CM, TOP_CM, BOTTOM_CM, EDGE_CM = 2.8, 2.4, 2.6, 2.4, 1.6


@dataclass(frozen=True)
class Look:
    """One paragraph style.

    Attributes
    ----------
    id : style id in the file; ASCII.
    font, size : East Asian font and 字号.
    based, next : ids of other styles.
    paragraph : further paragraph properties as XML, in the schema's order.
    bold : whether it is bold.
    """

    id: str
    name: str
    font: str
    size: str
    paragraph: str = ""
    based: str = "Normal"
    next: str = ""
    bold: bool = False
    outline: int | None = None


def _space(before: int = 0, after: int = 0, line: int = 240) -> str:
    return f'<w:spacing w:before="{before}" w:after="{after}" w:line="{line}" w:lineRule="auto"/>'


_CENTRE = '<w:jc w:val="center"/>'
_KEEP = "<w:keepNext/><w:keepLines/>"
# By the name blocks use.
STYLES = {
    "正文": Look("BodyText", "Body Text", "仿宋", "小四",
                 f'{_space(line=360)}<w:ind w:firstLineChars="200" w:firstLine="480"/><w:jc w:val="both"/>'),
    "章": Look("Heading1", "heading 1", "黑体", "小二",
               f'{_KEEP}<w:pageBreakBefore/><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>{_space(240, 240, 360)}{_CENTRE}',
               next="BodyText", outline=0),
    "节": Look("Heading2", "heading 2", "黑体", "小三",
               f'{_KEEP}<w:numPr><w:ilvl w:val="1"/><w:numId w:val="1"/></w:numPr>{_space(240, 120, 360)}{_CENTRE}',
               next="BodyText", outline=1),
    "条": Look("Heading3", "heading 3", "黑体", "小四",
               f'{_KEEP}<w:numPr><w:ilvl w:val="2"/><w:numId w:val="1"/></w:numPr>{_space(120, 60, 360)}<w:ind w:firstLineChars="200" w:firstLine="480"/>',
               next="BodyText", outline=2),
    "附录题": Look("AppendixTitle", "附录题", "黑体", "小二", f"{_KEEP}<w:pageBreakBefore/>{_space(240, 240, 360)}{_CENTRE}",
                  next="BodyText", outline=0),
    "附表题": Look("AnnexTitle", "附表题", "黑体", "四号", f"{_KEEP}{_space(0, 120)}{_CENTRE}", next="TableText", outline=0),
    "书名": Look("Title", "Title", "黑体", "一号", f"{_space(3200, 480, 360)}{_CENTRE}", bold=True),
    "副题": Look("Subtitle", "Subtitle", "黑体", "小二", f"{_space(0, 6400, 360)}{_CENTRE}"),
    "落款": Look("Imprint", "落款", "宋体", "三号", f"{_space(120, 120, 360)}{_CENTRE}"),
    "目录题": Look("ContentsTitle", "目录题", "黑体", "小二", f"{_space(120, 240, 360)}{_CENTRE}"),
    "题注": Look("Caption", "caption", "黑体", "五号", f"{_KEEP}{_space(120, 60)}{_CENTRE}", next="BodyText"),
    "图题": Look("FigureCaption", "图题", "黑体", "五号", f"{_space(40, 160)}{_CENTRE}", next="BodyText"),
    "图": Look("Figure", "图", "仿宋", "小四", f"{_KEEP}{_space(120, 0)}{_CENTRE}", next="FigureCaption"),
    "表文": Look("TableText", "表文", "宋体", "小五", f'<w:widowControl w:val="0"/>{_space()}<w:jc w:val="center"/>'),
    "表注": Look("TableNote", "表注", "宋体", "小五", f"{_space(40, 160)}", next="BodyText"),
    "说明": Look("Guide", "说明", "楷体", "五号", f'{_space(0, 60, 300)}<w:ind w:firstLineChars="200" w:firstLine="420"/><w:jc w:val="both"/>'),
    "目录1": Look("TOC1", "toc 1", "黑体", "小四", '<w:tabs><w:tab w:val="right" w:leader="dot" w:pos="8950"/></w:tabs>' + _space(80, 0, 280)),
    "目录2": Look("TOC2", "toc 2", "宋体", "小四",
                 '<w:tabs><w:tab w:val="right" w:leader="dot" w:pos="8950"/></w:tabs>' + _space(0, 0, 300) + '<w:ind w:left="420"/>'),
    "页眉": Look("Header", "header", "宋体", "小五", '<w:pBdr><w:bottom w:val="single" w:sz="4" w:space="1" w:color="808080"/></w:pBdr>' + _space()),
    "页脚": Look("Footer", "footer", "宋体", "小五", _space()),
}  # fmt: skip


def _fonts(font: str) -> str:
    return f'<w:rFonts w:ascii="{_LATIN}" w:hAnsi="{_LATIN}" w:eastAsia="{font}" w:cs="{_LATIN}"/>'


def _size(size: str) -> str:
    half = round(SIZES[size] * 2)
    return f'<w:sz w:val="{half}"/><w:szCs w:val="{half}"/>'


def write_styles() -> str:
    """Return styles.xml's root with every style of ``STYLES`` and the two that runs use."""
    parts = [
        f'<w:styles xmlns:w="{NAMESPACE}"><w:docDefaults><w:rPrDefault><w:rPr>{_fonts("宋体")}{_size("五号")}'
        '<w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/></w:rPr></w:rPrDefault><w:pPrDefault/></w:docDefaults>'
        f'<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/>'
        f"<w:rPr>{_fonts('宋体')}{_size('五号')}</w:rPr></w:style>"
        '<w:style w:type="character" w:default="1" w:styleId="DefaultParagraphFont"><w:name w:val="Default Paragraph Font"/>'
        f'<w:uiPriority w:val="1"/><w:semiHidden/><w:rPr>{_fonts("宋体")}</w:rPr></w:style>'
        '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/><w:uiPriority w:val="99"/>'
        f'<w:semiHidden/><w:rPr>{_fonts("宋体")}</w:rPr><w:tblPr><w:tblInd w:w="0" w:type="dxa"/><w:tblCellMar>'
        '<w:top w:w="0" w:type="dxa"/><w:left w:w="57" w:type="dxa"/><w:bottom w:w="0" w:type="dxa"/><w:right w:w="57" w:type="dxa"/>'
        "</w:tblCellMar></w:tblPr></w:style>"
        '<w:style w:type="character" w:customStyle="1" w:styleId="Gap"><w:name w:val="待填"/><w:qFormat/>'
        f'<w:rPr>{_fonts("楷体")}<w:color w:val="9C2A00"/><w:shd w:val="clear" w:color="auto" w:fill="FFF2A8"/></w:rPr></w:style>'
    ]
    for name, look in STYLES.items():
        builtin = look.name != name
        outline = "" if look.outline is None else f'<w:outlineLvl w:val="{look.outline}"/>'
        custom = "" if builtin else ' w:customStyle="1"'
        after = f'<w:next w:val="{look.next}"/>' if look.next else ""
        parts.append(
            f'<w:style w:type="paragraph"{custom} w:styleId="{look.id}">'
            f'<w:name w:val="{look.name}"/><w:basedOn w:val="{look.based}"/>{after}<w:qFormat/>'
            f"<w:pPr>{look.paragraph}{outline}</w:pPr>"
            f"<w:rPr>{_fonts(look.font)}{'<w:b/><w:bCs/>' if look.bold else ''}{_size(look.size)}</w:rPr></w:style>"
        )
    return "".join(parts) + "</w:styles>"


def write_numbering() -> str:
    """Return numbering.xml's root: 第一章, 第一节 in each, 一、 in each of those."""
    levels = (("第%1章", "space"), ("第%2节", "space"), ("%3、", "nothing"))
    text = "".join(
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="chineseCountingThousand"/>'
        f'<w:pStyle w:val="Heading{level + 1}"/><w:suff w:val="{suffix}"/><w:lvlText w:val="{pattern}"/><w:lvlJc w:val="left"/>'
        f'<w:pPr><w:ind w:left="0" w:firstLine="{480 if level == 2 else 0}"/></w:pPr></w:lvl>'
        for level, (pattern, suffix) in enumerate(levels)
    )
    return (
        f'<w:numbering xmlns:w="{NAMESPACE}"><w:abstractNum w:abstractNumId="0"><w:multiLevelType w:val="multilevel"/>'
        f'{text}</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>'
    )


def write_font_table() -> str:
    """Return fontTable.xml: the fonts in use and what may stand in for them."""
    fonts = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{instead}"/><w:charset w:val="86"/><w:family w:val="{family}"/></w:font>'
        for name, (instead, family) in FONTS.items()
    )
    latin = f'<w:font w:name="{_LATIN}"><w:charset w:val="00"/><w:family w:val="roman"/></w:font>'
    return f'<w:fonts xmlns:w="{NAMESPACE}">{fonts}{latin}</w:fonts>'


def write_settings() -> str:
    """Return settings.xml: mirrored margins, odd and even headers, no fields updated on opening.

    Updating on opening would ask the reader about links to other files first.
    """
    return (
        f'<w:settings xmlns:w="{NAMESPACE}"><w:zoom w:percent="100"/><w:mirrorMargins/><w:defaultTabStop w:val="420"/>'
        '<w:evenAndOddHeaders/><w:characterSpacingControl w:val="compressPunctuation"/>'
        "<w:compat><w:spaceForUL/><w:balanceSingleByteDoubleByteWidth/><w:doNotLeaveBackslashAlone/><w:ulTrailSpace/><w:adjustLineHeightInTable/>"
        '<w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat>'
        '<w:themeFontLang w:val="en-US" w:eastAsia="zh-CN"/><w:decimalSymbol w:val="."/><w:listSeparator w:val=","/></w:settings>'
    )


def text_width_cm(*, landscape: bool = False) -> float:
    """Return the width of the text between the margins."""
    return A4_CM[1] - TOP_CM - BOTTOM_CM if landscape else A4_CM[0] - INNER_CM - OUTER_CM


def figure_width_cm() -> float:
    """Return the width of a sheet in the text: two stand on a page."""
    return 14.4


def write_section(*, references: str = "", landscape: bool = False, numbering: str = "") -> str:
    """Return a section's properties.

    Parameters
    ----------
    references : header and footer references; without them they are those of the section before.
    landscape : whether the paper lies across. Turned by a quarter, the upper margin is at the spine.
    numbering : page number properties.
    """
    width, height = (round(side * TWIPS_PER_CM) for side in (reversed(A4_CM) if landscape else A4_CM))
    margins = (TOP_CM, BOTTOM_CM, INNER_CM, OUTER_CM)
    top, bottom, left, right = (
        round(m * TWIPS_PER_CM) for m in ((INNER_CM, OUTER_CM, TOP_CM, BOTTOM_CM) if landscape else margins)
    )
    edge = round(EDGE_CM * TWIPS_PER_CM)
    across = ' w:orient="landscape"' if landscape else ""
    return (
        f'<w:sectPr>{references}<w:type w:val="nextPage"/><w:pgSz w:w="{width}" w:h="{height}"{across}/>'
        f'<w:pgMar w:top="{top}" w:right="{right}" w:bottom="{bottom}" w:left="{left}" w:header="{edge}" w:footer="{edge}" w:gutter="0"/>'
        f"{numbering}</w:sectPr>"
    )
