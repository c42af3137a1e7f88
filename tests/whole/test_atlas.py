"""图集.pdf and the public edition of whole runs: pages, bookmarks, links, fonts; and no owner, no person anywhere public."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import openpyxl
import pytest
from PIL import Image
from pypdf import PdfReader

from configs import read_settings
from layers.ledgers import Delegate
from layers.model import Layer
from layers.source import Building, Ledger
from pipeline.deliver.atlas.pages import draw_cover
from pipeline.deliver.public.rules import load_rules
from pipeline.deliver.sheet.spec import TitleBlock
from pipeline.engine.run import run_plan
from pipeline.plan import load_plan
from tests.handin import check_handin
from tests.whole.conftest import Whole, list_bytes

A3_POINTS = [1190.55, 841.89]
PUBLIC = "公示版"
ATLAS_MOST_BYTES = 40_000_000
# A northing or easting of a 3° zone, or degrees, to the centimetre or metre.
COORDINATE = re.compile(r"(?<![\d.,])(?:\d{6,8}\.\d{2,}|1[0-3]\d\.\d{4,}|[2-4]\d\.\d{4,})(?!\d)")


def squeeze(text: str) -> str:
    return re.sub(r"\s", "", text)


def read_pages(path: Path, tidy: Callable[[str], str] = squeeze) -> list[str]:
    """Text of every page: poppler's where it is at hand, being quick, else pypdf's."""
    if shutil.which("pdftotext"):
        done = subprocess.run(
            ["pdftotext", "-raw", "-enc", "UTF-8", str(path), "-"], capture_output=True, check=True
        )
        assert done.stderr == b""
        return [tidy(page) for page in done.stdout.decode().split("\f")[:-1]]
    return [tidy(page.extract_text()) for page in PdfReader(path).pages]


def private_names(run: Whole) -> dict[str, set[str]]:
    """Values of every input field declared private, by field: names of owners and persons."""
    inputs = load_plan(run.home / "configs" / f"{run.folder.name}.yaml").inputs
    found = {}
    for key in type(inputs).model_fields:
        layer = Layer.registry.get(key)
        if layer is None or not getattr(inputs, key):
            continue
        for column in layer.columns():
            if column.spec.private:
                values = set(run.frame(layer)[column].dropna().astype(str))
                found[f"{layer.__name__}.{column}"] = values - load_rules().no_names
    return found


def find_names(folder: Path, names: Iterable[str]) -> set[tuple[str, str]]:
    """Return (file, name) for every name that can be read anywhere in the files of a folder."""
    wanted = {squeeze(name) for name in names}
    hits = set()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        if path.suffix == ".pdf":
            reader = PdfReader(path)
            titles = [
                item for part in reader.outline for item in (part if isinstance(part, list) else [part])
            ]
            said = "".join([*read_pages(path), *(str(item.title) for item in titles), str(reader.metadata)])
        elif path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as book:
                said = "".join(book.read(part).decode("utf-8") for part in book.namelist())
        else:
            assert path.suffix == ".jpg", path
            with Image.open(path) as image:
                assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi"}
            said = path.read_bytes().decode("utf-8", "ignore")
        said = squeeze(said + path.name)
        hits |= {(path.name, name) for name in wanted if name in said}
    return hits


@pytest.fixture(params=["tiny", "sample"])
def run(request: pytest.FixtureRequest) -> Whole:
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("name", ["tiny", "sample"])
@pytest.mark.parametrize(
    ("atlas", "folder"), [("图件/图集.pdf", "图件/JPG"), ("公示版/图集（公示版）.pdf", "公示版/JPG")]
)
def test_atlas_binds_every_sheet_in_order(name: str, atlas: str, folder: str, request) -> None:
    handin = request.getfixturevalue(name).handin
    reader = PdfReader(handin / atlas)
    jpgs = sorted(p.stem for p in (handin / folder).glob("*.jpg"))
    lists = [label for label in reader.page_labels if re.fullmatch("[ivx]+", label)]
    assert len(reader.pages) == 1 + len(lists) + len(jpgs) and lists
    assert reader.page_labels == ["封面", *lists, *(str(n + 1) for n in range(len(jpgs)))]
    for page in reader.pages:
        assert [float(v) for v in page.mediabox.upper_right] == pytest.approx(A3_POINTS, abs=0.2)
    # Bookmarks: two, then a group with its sheets under it, each leading to the page that shows it.
    tops = [item for item in reader.outline if not isinstance(item, list)]
    assert [item.title for item in tops[:2]] == ["封面", "图纸目录"]
    under = [item for part in reader.outline if isinstance(part, list) for item in part]
    assert [item.title.replace(" ", "_", 1) for item in under] == jpgs
    assert len(tops) - 2 == len([part for part in reader.outline if isinstance(part, list)]) >= 3
    first = 1 + len(lists)
    assert [reader.get_destination_page_number(item) for item in under] == list(
        range(first, first + len(jpgs))
    )
    pages = read_pages(handin / atlas)
    for item, said in zip(under, pages[first:], strict=True):
        number, _, title = item.title.partition(" ")
        assert squeeze(title) in said and number in said
    # The list prints the same pages, and each line of it leads there.
    listed = "".join(pages[1:first])
    for n, stem in enumerate(jpgs, 1):
        number, _, title = stem.partition("_")
        assert re.search(rf"{number}{re.escape(squeeze(title))}1:\d+{n}(?!\d\d)", listed), stem
    links = [a.get_object() for page in reader.pages[1:first] for a in page.get("/Annots", [])]
    goals = [reader.get_page_number(link["/Dest"][0].get_object()) for link in links]
    assert goals == list(range(first, first + len(jpgs)))


def test_atlas_of_the_sample_is_light_and_says_what_is_not_in_it(sample: Whole) -> None:
    for name in ("图件/图集.pdf", "公示版/图集（公示版）.pdf"):
        assert (sample.handin / name).stat().st_size <= ATLAS_MOST_BYTES
    book = openpyxl.load_workbook(sample.handin / "成果目录.xlsx")
    absent = list(book["未提供的成果"].iter_rows(min_row=3, values_only=True))
    pages = "".join(read_pages(sample.handin / "图件/图集.pdf")[1:3])
    for _, kind, number, title, reason in absent:
        if kind == "图件":
            assert f"{number}{squeeze(title)}：{squeeze(str(reason))}" in pages
    withheld = {row[2] for row in absent if row[1] == PUBLIC}
    about = {s["number"] for s in read_settings("catalogue.yaml")["sheets"] if "utility_lines" in s["needs"]}
    assert withheld == about and len(about) == 1
    assert "关键基础设施" in "".join(read_pages(sample.handin / "公示版/图集（公示版）.pdf")[1:3])


def test_atlas_names_no_date_and_no_maker(run: Whole) -> None:
    for path in run.handin.rglob("*.pdf"):
        if path.parent.name not in ("图件", PUBLIC):
            continue
        assert set(PdfReader(path).metadata) == {"/Title", "/Author"}
        assert b"pypdf" not in path.read_bytes() and b"Matplotlib" not in path.read_bytes()


@pytest.mark.skipif(not shutil.which("pdffonts"), reason="poppler is not on PATH")
def test_poppler_warns_of_nothing_and_sees_every_font_embedded(run: Whole) -> None:
    for name in ("图件/图集.pdf", "公示版/图集（公示版）.pdf"):
        done = subprocess.run(
            ["pdffonts", str(run.handin / name)], capture_output=True, text=True, check=True
        )
        assert done.stderr == ""
        fonts = done.stdout.splitlines()[2:]
        assert fonts and all(re.search(r"Type 3 +Custom +yes yes yes", line) for line in fonts)


def test_nothing_is_left_beside_the_hand_in(run: Whole) -> None:
    assert not list(run.folder.glob("图集*"))


def test_no_owner_and_no_person_of_the_inputs_is_in_the_public_edition(run: Whole) -> None:
    by_field = private_names(run)
    assert {f"{layer.__name__}.{column}" for layer, column in
            ((Building, Building.owner), (Ledger, Ledger.owner), (Delegate, Delegate.name))} == set(by_field)  # fmt: skip
    assert all(by_field.values()), "every private field of the inputs has names to look for"
    names = set().union(*by_field.values())
    assert find_names(run.handin / PUBLIC, names) == set()


def test_the_same_search_finds_an_owner_where_there_is_one(sample: Whole, tmp_path: Path) -> None:
    names = set().union(*private_names(sample).values())
    (ledger,) = (sample.handin / "表格").glob("附表3-4*.xlsx")
    shutil.copy(ledger, tmp_path / "附表3-4_公示版.xlsx")
    hits = find_names(tmp_path, names)
    assert len({name for _, name in hits}) >= 5
    # Pages are read as well as cells.
    owner = max(names, key=len)
    page = tmp_path / "图集（公示版）.pdf"
    page.write_bytes(draw_cover(TitleBlock(project=f"{owner}产权一览"), "图集"))
    assert (page.name, owner) in find_names(tmp_path, names)


def test_public_edition_holds_jpg_pdf_and_xlsx_and_no_coordinates(run: Whole) -> None:
    folder = run.handin / PUBLIC
    assert {p.suffix for p in folder.rglob("*") if p.is_file()} == {".jpg", ".pdf", ".xlsx"}
    (atlas,) = folder.glob("*.pdf")
    assert not COORDINATE.search("\n".join(read_pages(atlas, tidy=str)))
    for path in folder.rglob("*.xlsx"):
        for sheet in openpyxl.load_workbook(path):
            texts = [c.value for row in sheet.iter_rows() for c in row if isinstance(c.value, str)]
            assert not [
                text for text in texts if COORDINATE.search(text) or "权利人" in text[:6] or "产权" in text
            ]


def test_sheets_without_anything_private_are_the_very_same_bytes(sample: Whole) -> None:
    full, public = (list_bytes(sample.handin / name) for name in ("图件/JPG", "公示版/JPG"))
    same = {name for name in public if public[name] == full[name]}
    assert public.keys() < full.keys() and len(same) >= len(public) - 6
    assert public.keys() - same, "some sheets of the sample do show a name or a small count"


def test_public_edition_can_be_switched_off(tiny: Whole, tmp_path: Path) -> None:
    shutil.copytree(tiny.home, tmp_path / "份")
    config = tmp_path / "份/configs/tiny.yaml"
    text = re.sub(r"(?m)^  only: .*$", '  only: ["1-02"]', config.read_text(encoding="utf-8"))
    config.write_text(text + "\ndelivery: {public: false, cad: false, documents: false}\n", encoding="utf-8")
    plan = load_plan(config)
    assert plan.delivery.public is False and plan.sheets.only == ["1-02"]
    assert (plan.output / "成果" / PUBLIC).exists()
    run_plan(plan)
    assert not (plan.output / "成果" / PUBLIC).exists()
    assert check_handin(plan.output / "成果") == []
