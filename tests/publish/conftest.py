"""Hand-ins of a few features each, side by side, written by the real writers with a real manifest."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import yaml
from shapely.geometry import Point, box

from layers.crs import ZONES
from layers.faults import FaultLog
from layers.frame import conform, empty_frame
from layers.planned import Match, Need, Project, Resource
from layers.reachable import Scope, Unit
from layers.source import Facility, Parcel
from pipeline.cli import main
from pipeline.deliver.geopackage import write_geopackage
from pipeline.deliver.library import write_library
from pipeline.deliver.listing import write_manifest
from pipeline.deliver.onemap import collect_layers
from pipeline.plan import Plan
from pipeline.publish.gather import Gathered
from pipeline.publish.handin import Facts, HandIn, read_handin
from pipeline.publish.publication import publish_handin
from tests.postgres import Server, base, server

__all__ = ["base", "server"]

CRS = 4548
X, Y = 400_000.0, 3_100_000.0


def at(x: float, y: float) -> Point:
    """A point in metres from the corner of the district."""
    return Point(X + x, Y + y)


def area(x0: float, y0: float, x1: float, y1: float) -> Any:
    """A rectangle in metres from the corner of the district."""
    return box(X + x0, Y + y0, X + x1, Y + y1)


def frame(layer: Any, rows: list[dict[str, Any]], geometry: list[Any] | None, crs: int) -> Any:
    """A frame of ``layer`` with ``rows`` keyed by field."""
    table = pd.DataFrame(rows)
    if geometry is None:
        return conform(table, layer)
    return conform(gpd.GeoDataFrame(table, geometry=geometry, crs=crs), layer, crs=crs)


def make_plan(home: Path, name: str, **more: Any) -> Plan:
    """A plan config below ``home``; block numbers differ by name."""
    identity = {
        "id": name,
        "title": f"{name}方案",
        "area": f"{name}社区",
        "compiler": "某某规划院",
        "compiled": date(2026, 3, 5),
        "data_year": 2025,
        "first_year": 2026,
        "region_code": "369981",
        "region_name": "云溪市",
        "plan_block": sum(name.encode()) % 900 + 1,
        **more.pop("plan", {}),
    }
    given = {
        "plan": identity,
        "inputs": {"community_given": [{"path": "a.shp"}]},
        "crs": {"zone": 39},
        **more,
    }
    return Plan.model_validate(given).located(home / "configs")


def make_frames(crs: int, x: float, width: float = 100.0, **more: Any) -> dict[str, Any]:
    """Stage results of a plan that begins ``x`` metres east of the corner and is ``width`` wide."""
    name = more.get("community", "东社区")
    ground = area(x, 0, x + width, 100)
    size = width * 100
    project = {
        "id": "P-1", "number": "A01", "name": more.get("project", f"{name}食堂建设项目"), "works": "设施提升工程", "block": "补短板",
        "description": "老人\t吃饭\\难", "urgency": "紧迫", "place": "甲路", "content": "建'社区'食堂\n一处", "action": "新建",
        "total_wan": 12.3456, "fiscal_wan": 10.0, "social_wan": 2.3456, "open_wan": 0.5, "schedule": "2026-03至2026-08",
        "start": "2026-03", "end": "2026-08", "phase": "2026年", "priority": "必建类", "department": "民政部门",
        "need": "XQ01", "problem": "建设类", "phase_index": 1, "phase_rule": "紧迫", "principle": "先急后缓",
        "community": name,
    }  # fmt: skip
    second = project | {
        "id": "P-2",
        "number": "A02",
        "name": f"{name}机制建设",
        "total_wan": 1.5,
        "fiscal_wan": 1.5,
        "social_wan": 0.0,
    }
    need = {
        "id": "N-1", "number": "XQ01", "dimension": "舒适宜居", "works": "设施提升工程", "description": "缺食堂" * 60,
        "origin": "调查", "gap": "漏配", "urgency": "紧迫", "method": "调查", "problem": "建设类", "community": name,
    }  # fmt: skip
    frames = {
        Unit.key: frame(
            Unit,
            [{"id": "u", "name": name, "code": more.get("code"), "boundary": "法定边界", "area_m2": size, "population": 500}],
            [ground],
            crs,
        ),
        Scope.key: frame(Scope, [{"id": "s", "kind": "更新范围", "area_m2": size}], [ground], crs),
        Parcel.key: frame(
            Parcel,
            [{"id": "p", "number": "1", "landuse_code": "070102", "landuse_name": "二类城镇住宅用地", "area_m2": size, "year": 2025,
              "community": name}],
            [ground],
            crs,
        ),
        Need.key: frame(Need, [need], [at(x + 50, 50)], crs),
        Project.key: frame(Project, [project, second], [at(x + 50, 50), None], crs),
        Resource.key: empty_frame(Resource, crs=crs),
        Match.key: conform(pd.DataFrame([{"id": "m", "need": "XQ01", "ready": "是"}]), Match),
        Facility.key: frame(
            Facility,
            [{"id": f"f{n}", "type_key": "canteen", "type_name": "社区食堂", "name": title, "community": where}
             for n, (title, where, _) in enumerate(more.get("facilities", []))],
            [spot for *_, spot in more.get("facilities", [])],
            crs,
        ) if more.get("facilities") else empty_frame(Facility, crs=crs),
    }  # fmt: skip
    return frames | more.get("frames", {})


def deliver(plan: Plan, frames: dict[str, Any]) -> Path:
    """Write database, 项目库 and manifest of a plan as ``haoshequ run`` does; return the hand-in."""
    root = plan.output / "成果"
    root.mkdir(parents=True)
    layers = collect_layers(frames, plan, FaultLog())
    items = [write_geopackage(layers, plan, root), *write_library(frames, plan, root, FaultLog())]
    write_manifest(items, plan, root)
    return root


def make_results(
    home: Path, name: str, x: float = 0.0, *, zone: int = 39, **more: Any
) -> tuple[Plan, dict[str, Any]]:
    """A plan below ``home`` and its stage results, in the plan's zone wherever that is."""
    settings = {part: more.pop(part) for part in ("plan", "crs") if part in more}
    settings.setdefault("crs", {"zone": zone})
    plan = make_plan(home, name, **settings)
    crs = next(item.plain for item in ZONES if item.number == zone)
    frames = make_frames(CRS, x, **more)
    if crs != CRS:
        frames = {k: f.to_crs(crs) if isinstance(f, gpd.GeoDataFrame) else f for k, f in frames.items()}
    return plan, frames


def gather(name: str, x: float = 0.0, **more: Any) -> Gathered:
    """A plan as it is gathered from its hand-in, without one being written."""
    plan, frames = make_results(Path(), name, x, **more)
    layers = tuple(collect_layers(frames, plan, FaultLog()))
    identity = plan.plan
    same = ("id", "title", "area", "region_code", "region_name", "plan_block", "compiled", "data_year")
    told = {field: getattr(identity, field) for field in same}
    digests = {"program": "0", "manifest_sha256": "0" * 64, "database_sha256": "0" * 64}
    return Gathered(Facts(**told, **digests, epsg=layers[0].frame.crs.to_epsg()), layers)


@pytest.fixture(scope="session")
def make_handin(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Make a hand-in, once for the same wishes: name of the plan, where it begins, what differs; returns its folder.

    Each has a home of its own; a test that changes one takes a copy.
    """
    made: dict[str, Path] = {}

    def make(name: str, x: float = 0.0, *, zone: int = 39, **more: Any) -> Path:
        key = repr((name, x, zone, sorted(more.items(), key=lambda item: item[0])))
        if key not in made:
            made[key] = deliver(*make_results(tmp_path_factory.mktemp("handin"), name, x, zone=zone, **more))
        return made[key]

    return make


@pytest.fixture(scope="session")
def east(make_handin: Callable[..., Path]) -> HandIn:
    """A plan."""
    return read_handin(make_handin("东"))


@pytest.fixture(scope="session")
def west(make_handin: Callable[..., Path]) -> HandIn:
    """Its neighbour."""
    return read_handin(make_handin("西", 100.0, community="西社区"))


@pytest.fixture(scope="session")
def _published(server: Server, east: HandIn) -> str:
    address = server.create()
    publish_handin(east, address)
    return address


@pytest.fixture
def full(server: Server, _published: str) -> str:
    """The address of a database of this test's own that ``east`` was published to."""
    return server.create(like=_published)


@pytest.fixture
def call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Run the command line in this process; returns exit code and all it said."""

    def run(*words: object, **env: str) -> tuple[int, str]:
        for name, value in {"COLUMNS": "200", **env}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["haoshequ", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            main()
        said = capsys.readouterr()
        return int(stop.value.code or 0), said.out + said.err

    return run


def write_config(folder: Path) -> Path:
    """Write the config of the plan handed in at ``folder`` as YAML where its output is found; returns the file."""
    home = folder.parents[2]
    plan = make_plan(home, folder.parent.name)
    path = home / "configs" / f"{plan.plan.id}.yaml"
    path.parent.mkdir(exist_ok=True)
    content = plan.model_dump(mode="json", exclude_unset=True)
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path
