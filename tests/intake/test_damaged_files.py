"""Damage done at random, with a seed, to the tiny plan's files: a fault or a frame, never a traceback."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from shapely import Point

from configs import read_settings
from layers.faults import FaultLog
from layers.model import Layer
from layers.read.source import read_source
from layers.source import Parcel
from pipeline.plan import load_plan

from .conftest import E0, N0, Bench

ROOT = Path(__file__).parents[2]
TINY = ROOT / "data/sample/tiny"
FILES = sorted(path.name for path in TINY.iterdir() if path.is_file() and path.suffix != ".tif")


def damage(data: bytes, rng: random.Random) -> bytes:
    """Cut, overwrite, blank or stretch the content."""
    broken = bytearray(data)
    at = rng.randrange(len(broken))
    match rng.choice(["cut", "flip", "zero", "stretch"]):
        case "cut":
            del broken[at:]
        case "flip":
            for _ in range(rng.choice([1, 5, 50])):
                broken[rng.randrange(min(len(broken), rng.choice([100, len(broken)])))] = rng.randrange(256)
        case "zero":
            broken[at : at + 64] = b"\0" * 64
        case _:
            broken[at:at] = rng.randbytes(20)
    return bytes(broken)


@pytest.mark.parametrize("name", FILES)
def test_damage_is_a_fault_or_harmless(tmp_path: Path, name: str) -> None:
    rng = random.Random(name)
    plan = load_plan(ROOT / "configs/tiny.yaml")
    folder = tmp_path / "data"
    sources = [
        (key, source)
        for key, found in plan.inputs.given().items()
        for source in found
        if Path(name).stem in {source.path.stem, source.geometry.path.stem if source.geometry else ""}
    ]
    assert sources
    for _ in range(4):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(TINY, folder)
        content = damage((folder / name).read_bytes(), rng)
        (folder / name).write_bytes(content)
        for key, source in sources:
            log = FaultLog()
            taken = read_source(source, Layer.registry[key], resolve=lambda path: folder / path.name, log=log)
            assert taken is not None or log.errors, content[:40]


def test_ring_that_does_not_close_is_a_fault_of_its_row(bench: Bench) -> None:
    path = bench.vector("用地.shp", [Point(E0, N0).buffer(9, quad_segs=1), Point(E0 + 99, N0).buffer(9, quad_segs=1)], {"DM": ["1401"] * 2})  # fmt: skip
    data = bytearray(path.read_bytes())
    data[-8:] = data[-16:-8]  # the northing of the last vertex
    path.write_bytes(data)
    bench.add("parcel", "用地.shp", columns={"landuse_code": "DM"})
    (fault,) = bench.fail()
    assert (fault.code, fault.row, fault.layer) == ("HSQ-G07", "1", Parcel.alias)


def test_prj_that_is_no_text_is_a_fault(bench: Bench) -> None:
    path = bench.vector("门.shp", [Point(E0, N0)], {"name": ["东门"]})
    path.with_suffix(".prj").write_bytes(bytes([0xFF, 0xFE, 0x00, 0x9B]) * 30)
    bench.add("gate", "门.shp")
    assert {fault.code for fault in bench.fail()} == {"HSQ-X01"}


def test_every_layer_says_what_its_absence_costs() -> None:
    assert set(read_settings("missing_layers.yaml")) == set(
        load_plan(ROOT / "configs/tiny.yaml").inputs.__class__.model_fields
    )
