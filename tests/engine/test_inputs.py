"""What counts as an input: every file the config names, and what is read beside it."""

from __future__ import annotations

from pathlib import Path

from pipeline.engine.files import hash_inputs, hash_papers, size_papers
from tests.builders import make_plan


def test_what_lies_beside_a_file_and_is_read_with_it_counts(tmp_path: Path) -> None:
    for name in (
        "社区.shp",
        "社区.dbf",
        "道路.tab",
        "道路.dat",
        "道路.txt",
        "影像.tif",
        "影像.tif.aux.xml",
        "影像.tfw",
        "别的.tfw",
    ):
        (tmp_path / name).write_bytes(b"1")
    plan = make_plan(
        inputs={"community_given": [{"path": "社区.shp"}], "road": [{"path": "道路.tab"}]},
        idle={"imagery": "影像.tif"},
    ).located(tmp_path)
    found = hash_inputs(plan)
    assert list(found) == sorted(
        ["社区.shp", "社区.dbf", "道路.tab", "道路.dat", "影像.tif", "影像.tif.aux.xml", "影像.tfw"]
    )
    (tmp_path / "影像.tfw").write_bytes(b"2")
    again = hash_inputs(plan)
    assert {name for name in found if found[name] != again[name]} == {"影像.tfw"}


def test_the_planners_decisions_are_not_of_them(tmp_path: Path) -> None:
    plan = make_plan().located(tmp_path)
    (tmp_path / "none.shp").touch()
    before = hash_inputs(plan)
    plan.decisions.write_bytes(b"x")
    assert hash_inputs(plan) == before and list(before) == ["none.shp"]


def test_a_paper_counts_by_its_size_for_reading_and_by_its_bytes_for_delivery(tmp_path: Path) -> None:
    plan, papers = make_plan().located(tmp_path), [("台账.xlsx｜附件", "意见.pdf")]
    absent = size_papers(plan, papers), hash_papers(plan, papers)
    (tmp_path / "意见.pdf").write_bytes(b"one")
    one = size_papers(plan, papers), hash_papers(plan, papers)
    (tmp_path / "意见.pdf").write_bytes(b"two")
    two = size_papers(plan, papers), hash_papers(plan, papers)
    assert absent[0] != one[0] == two[0]
    assert len({str(told[1]) for told in (absent, one, two)}) == 3
