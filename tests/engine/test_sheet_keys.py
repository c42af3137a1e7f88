"""A sheet is drawn again when something that shows on it changes, and only then."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pipeline.deliver.atlas.kept import Refused, Rendered, SheetKeys, SheetShelf
from pipeline.deliver.sheet.render import draw_sheet
from pipeline.deliver.sheet.spec import Backdrop, Drawn, SheetReport, SheetSpec
from tests.sheet.samples import make_facilities
from tests.sheet.town import build_town

NAMES = ("sheet.jpg",)


@pytest.fixture(scope="module")
def spec() -> SheetSpec:
    return make_facilities(build_town())


@pytest.fixture(scope="module")
def drawn(spec: SheetSpec) -> tuple[bytes, SheetReport]:
    return draw_sheet(spec)


def key(spec: SheetSpec, *, program: str = "p", names=NAMES, compiled: date | None = None) -> str:
    return SheetKeys(program).make(spec, names, compiled)


def with_layer(spec: SheetSpec, index: int, **changes) -> SheetSpec:
    layers = list(spec.layers)
    layers[index] = replace(layers[index], **changes)
    return replace(spec, layers=tuple(layers))


def labelled(spec: SheetSpec) -> tuple[int, Drawn]:
    return next(
        (i, layer) for i, layer in enumerate(spec.layers) if layer.label_column and len(layer.frame) > 1
    )


def test_the_same_instructions_made_anew_have_the_same_key(spec: SheetSpec) -> None:
    assert key(make_facilities(build_town())) == key(spec)


def test_what_shows_makes_another_key(spec: SheetSpec, tmp_path: Path) -> None:
    at, layer = labelled(spec)
    renamed = layer.frame.copy()
    renamed.loc[renamed.index[0], layer.label_column] = "别的名称"
    moved = layer.frame.copy()
    moved.loc[moved.index[0], "geometry"] = moved.geometry.iloc[0].buffer(1.0)
    picture = tmp_path / "底图.tif"
    picture.write_bytes(b"1")
    under = replace(spec, backdrop=Backdrop(path=picture))
    first = key(under)
    picture.write_bytes(b"2")
    keys = [
        key(spec), first, key(under), key(with_layer(spec, at, frame=renamed)), key(with_layer(spec, at, frame=moved)),
        key(with_layer(spec, at, fade=0.5)), key(replace(spec, title="别的图名")), key(replace(spec, scale=spec.scale * 2)),
        key(replace(spec, notes=(*spec.notes, "注"))), key(spec, program="q"), key(spec, names=("sheet.jpg", "page.pdf")),
        key(spec, compiled=date(2026, 11, 23)), key(with_layer(spec, at, frame=layer.frame.iloc[::-1])),
    ]  # fmt: skip
    assert len(set(keys)) == len(keys)


def test_columns_that_are_not_drawn_make_no_other_key_and_no_other_picture(
    spec: SheetSpec, drawn: tuple[bytes, SheetReport]
) -> None:
    bare = []
    for layer in (*spec.layers, *spec.inset):
        kept = {str(c) for c in (layer.class_column, layer.label_column) if c is not None} | {"geometry"}
        frame = layer.frame[[c for c in layer.frame.columns if c in kept]].reset_index(drop=True)
        bare.append(replace(layer, frame=frame))
    count = len(spec.layers)
    plain = replace(spec, layers=tuple(bare[:count]), inset=tuple(bare[count:]))
    assert key(plain) == key(spec)
    assert draw_sheet(plain) == drawn


def test_what_nobody_said_how_to_hash_is_refused(spec: SheetSpec) -> None:
    with pytest.raises(TypeError, match="set"):
        key(replace(spec, notes={"a"}))  # type: ignore[arg-type]


@pytest.fixture
def shelf(tmp_path: Path, drawn: tuple[bytes, SheetReport]) -> SheetShelf:
    """A shelf with one sheet of a JPG and a page."""
    made = {"sheet.jpg": tmp_path / "a.jpg", "page.pdf": tmp_path / "a.pdf"}
    made["sheet.jpg"].write_bytes(drawn[0])
    made["page.pdf"].write_bytes(b"page")
    shelf = SheetShelf(tmp_path / "kept", "p")
    shelf.keep("k", made, Rendered(drawn[1], "没有 DWG"))
    return shelf


def targets(folder: Path) -> dict[str, Path]:
    return {"sheet.jpg": folder / "b.jpg", "page.pdf": folder / "b.pdf"}


def test_a_kept_sheet_comes_back_with_all_that_was_said_of_it(
    shelf: SheetShelf, drawn: tuple[bytes, SheetReport], tmp_path: Path
) -> None:
    found = shelf.find("k", targets(tmp_path))
    assert found == Rendered(drawn[1], "没有 DWG")
    assert targets(tmp_path)["sheet.jpg"].read_bytes() == drawn[0]
    assert shelf.find("other", targets(tmp_path)) is None


def test_a_sheet_edited_where_it_was_handed_in_is_drawn_again(shelf: SheetShelf, tmp_path: Path) -> None:
    shelf.find("k", targets(tmp_path))
    with targets(tmp_path)["sheet.jpg"].open("r+b") as file:  # in place: both names are the same file
        file.write(b"x")
    assert shelf.find("k", targets(tmp_path / "none")) is None


@pytest.mark.parametrize("lost", ["sheet.json", "page.pdf"])
def test_half_a_kept_sheet_is_none(shelf: SheetShelf, tmp_path: Path, lost: str) -> None:
    (shelf.folder / "k" / lost).unlink()
    assert shelf.find("k", targets(tmp_path)) is None


def test_a_sheet_that_said_nothing_is_kept_as_such_and_fresh_takes_none(
    shelf: SheetShelf, tmp_path: Path
) -> None:
    shelf.keep("r", targets(tmp_path), Refused("HSQ-D01", "没有内容"))
    assert shelf.find("r", targets(tmp_path)) == Refused("HSQ-D01", "没有内容")
    assert replace(shelf, fresh=True).find("k", targets(tmp_path)) is None
    shelf.tidy(["r"])
    assert [path.name for path in shelf.folder.iterdir()] == ["r"]


def test_a_disk_without_second_names_gets_copies(
    shelf: SheetShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    assert shelf.find("k", targets(tmp_path)) is not None
    assert targets(tmp_path)["page.pdf"].read_bytes() == b"page"


def test_a_full_disk_keeps_nothing_and_harms_nothing(
    shelf: SheetShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(json, "dumps", refuse)
        shelf.keep("n", {"sheet.jpg": tmp_path / "a.jpg"}, Refused("HSQ-D01", "无"))
    assert shelf.find("n", targets(tmp_path)) is None
    assert shelf.find("k", targets(tmp_path)) is not None
