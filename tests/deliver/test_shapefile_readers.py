"""Shapefiles in both encodings and both systems read back by pyogrio, Fiona and GDAL's ogrinfo, without a word of warning."""

from __future__ import annotations

import logging
import re
import shutil
import subprocess

import fiona
import pyogrio
import pytest
import shapely

from layers.faults import FaultLog
from layers.source import Parcel
from pipeline.deliver.onemap import collect_layers
from pipeline.deliver.shapefile import DEGREES_FOLDER, FOLDER, write_degrees_copy, write_shapefiles
from pipeline.plan import Plan

EPSG = {FOLDER: 4548, DEGREES_FOLDER: 4490}


@pytest.fixture
def written(request, frames, plan, make_frame, tmp_path):
    """Layers with a text that is cut, written with an encoding; files by folder."""
    frames[Parcel.key] = make_frame(
        Parcel,
        [{"id": "p", "number": "1", "landuse_code": "1403", "landuse_name": "广场用地", "area_m2": 1234.56, "year": 2025,
          "note": "长" * 130}],
        list(frames[Parcel.key].geometry[:1]),
    )  # fmt: skip
    delivery = plan.delivery.model_copy(update={"shp_encoding": request.param, "shp_degrees": True})
    plan = plan.model_copy(update={"delivery": delivery})
    layers, log = collect_layers(frames, plan, FaultLog()), FaultLog()
    items = [*write_shapefiles(layers, plan, tmp_path, log), *write_degrees_copy(layers, plan, tmp_path, log)]
    # Said once, though cut twice.
    assert [(f.code, f.field) for f in log.faults] == [("HSQ-D02", "BZ")]
    assert len(items) == 2 * len(layers)
    return layers, items, tmp_path, request.param


both = pytest.mark.parametrize("written", ["UTF-8", "GBK"], indirect=True)


@both
def test_pyogrio_and_fiona_read_the_same_values_and_the_same_ground(written, caplog):
    layers, items, root, encoding = written
    caplog.set_level(logging.WARNING)
    for place, half in ((FOLDER, items[: len(layers)]), (DEGREES_FOLDER, items[len(layers) :])):
        for layer, item in zip(layers, half, strict=True):
            path = root / item.path
            assert item.path.startswith(f"{place}/") and path.with_suffix(".cpg").read_text() == encoding
            assert all((root / name).is_file() for name in item.companions)
            frame = pyogrio.read_dataframe(path)
            assert frame.crs.to_epsg() == EPSG[place]
            with fiona.open(path) as file:
                rows = [dict(feature["properties"]) for feature in file]
                assert fiona.crs.CRS.from_user_input(file.crs).to_epsg() == EPSG[place]
            for column in layer.columns:
                name = column.spec.onemap
                read = frame[name].astype(object).where(frame[name].notna(), None).tolist()
                assert read == [row[name] for row in rows]
                given = layer.frame[name].astype(object).where(layer.frame[name].notna(), None).tolist()
                cut = [
                    g if not isinstance(g, str) else g[: len(r or "")]
                    for g, r in zip(given, read, strict=True)
                ]
                assert read == cut
            if len(frame):
                there = shapely.union_all(frame.to_crs(4548).geometry.to_numpy())
                given = shapely.union_all(layer.frame.geometry.to_numpy())
                assert shapely.hausdorff_distance(there, given) < 1e-6
    assert caplog.records == []


@both
def test_ogrinfo_reads_every_file_without_a_warning(written):
    if shutil.which("ogrinfo") is None:
        pytest.skip(
            "SKIPPED: ogrinfo is not installed (apt-get install gdal-bin); shapefiles were not read by it"
        )
    layers, items, root, encoding = written
    for item, layer in zip(items, [*layers, *layers], strict=True):
        words = ["ogrinfo", "-ro", "-al", root / item.path]
        done = subprocess.run(words, capture_output=True, text=True, encoding="utf-8", check=True)
        assert done.stderr == "" and not re.search(r"warning|error", done.stdout, re.IGNORECASE)
        assert f"Feature Count: {len(layer.frame)}" in done.stdout
        assert f'ID["EPSG",{EPSG[item.path.rpartition("/")[0]]}]' in done.stdout
        for column in layer.columns:
            spec = column.spec
            # A number without decimals is a whole one to whoever reads a DBF.
            kind = "String" if spec.kind == "text" else "Real" if spec.decimals else "Integer(64)?"
            assert re.search(
                rf"^{spec.onemap}: {kind} \({spec.width}\.{spec.decimals}\)$", done.stdout, re.MULTILINE
            ), spec
        told = re.findall(r"^  SQMC \(String\) = (.*)$", done.stdout, re.MULTILINE)
        assert told == layer.frame["SQMC"].tolist()
    parcels = next(item for item, layer in zip(items, layers, strict=False) if layer.code == "HSQ_XZYD")
    said = subprocess.run(
        ["ogrinfo", "-ro", "-al", root / parcels.path],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert "  BZ (String) = " + "长" * (254 // len("长".encode(encoding))) + "\n" in said.stdout


def test_a_copy_in_degrees_of_degrees_is_refused(plan):
    given = plan.model_dump()
    with pytest.raises(ValueError, match="shp 已是经纬度"):
        Plan.model_validate(given | {"crs": {"deliver": "degrees"}, "delivery": {"shp_degrees": True}})
