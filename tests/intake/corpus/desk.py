"""A technician's folder in which a fault is made: the tiny sample's community and roads, and files beside them."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pyogrio
import shapely
import yaml
from shapely.affinity import translate

from tests.coordinates.towns import build_town, frame_of
from tests.intake.conftest import IDENTITY

SAMPLE = Path(__file__).parents[3] / "data" / "sample" / "tiny"
CRS = "EPSG:4548"
# Middle of the tiny sample's community, which is 240 m by 180 m and turned by eight degrees.
E0, N0 = 487_948.0, 3_136_408.0
# Middle of the town that replaces it where coordinates are to be judged by streets.
TOWN = (487_000.0, 3_138_000.0)


class Desk:
    """A folder of files and the plan that names them.

    Attributes
    ----------
    folder : where files are made; the config is ``folder/plan.yaml``, the results go to ``folder/output``.
    inputs, blocks : the config; ``config`` replaces both where it is text or bytes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inputs: dict[str, list[dict[str, Any]]] = {}
        self.identity: dict[str, Any] = dict(IDENTITY)
        self.blocks: dict[str, Any] = {
            "divisions": {"fictional": [IDENTITY["region_code"]]},
            "delivery": {"folder": "output"},
        }
        self.config: str | bytes | None = None

    def lay_base(self) -> None:
        """Put down the tiny sample's community and roads."""
        for path in SAMPLE.glob("社区边界.*"):
            shutil.copy(path, self.folder)
        shutil.copy(SAMPLE / "道路.gpkg", self.folder)
        self.add("community_given", "社区边界.shp", columns={"name": "SQMC", "code": "SQDM"})
        self.add(
            "road", "道路.gpkg", layer="道路", columns={"name": "DLMC", "kind": "DLDJ", "width_m": "LKKD", "level": "CJ"}
        )  # fmt: skip

    def lay_town(self, count: int, *, seed: int = 4) -> gpd.GeoDataFrame:
        """Put down two square kilometres of streets instead; return points beside them, metres."""
        town = build_town(seed, count)
        self.inputs.clear()
        east, north = TOWN
        self.vector(
            "社区.gpkg", [shapely.box(east - 1000, north - 1000, east + 1000, north + 1000)], name=["甲社区"]
        )
        self.add("community_given", "社区.gpkg")
        self.vector("街.gpkg", list(town.lines), kind=["支路"] * len(town.lines))
        self.add("road", "街.gpkg")
        return frame_of(town.points).assign(
            name=[f"超市{n}" for n in range(count)], type_key=["超市"] * count
        )

    def write_plan(self) -> Path:
        """Write the config and return its path."""
        path = self.folder / "plan.yaml"
        content = self.config
        if content is None:
            content = yaml.safe_dump(
                {"plan": self.identity, "inputs": self.inputs, **self.blocks}, allow_unicode=True
            )
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def add(self, layer_key: str, path: str, **source: Any) -> None:
        """Name a file as input of a layer."""
        self.inputs.setdefault(layer_key, []).append({"path": path, **source})

    def path(self, name: str) -> Path:
        """Return a path in the folder."""
        return self.folder / name

    def put(self, name: str, content: bytes | str, *, encoding: str = "utf-8") -> Path:
        """Write a file byte by byte."""
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
        return path

    def vector(
        self, file: str, shapes: Sequence[Any], *, crs: str | None = CRS, options: Mapping[str, Any] | None = None,
        **columns: Sequence[Any],
    ) -> Path:  # fmt: skip
        """Write a vector file with pyogrio."""
        frame = gpd.GeoDataFrame(dict(columns), geometry=list(shapes), crs=crs)
        pyogrio.write_dataframe(frame, self.path(file), **(options or {}))
        return self.path(file)

    def sheet(self, name: str, rows: Iterable[Sequence[Any]], *, title: str = "表") -> openpyxl.Workbook:
        """Write a workbook with openpyxl; return it, to be changed and saved again."""
        book = openpyxl.Workbook()
        page = book.active
        page.title = title
        for row in rows:
            page.append(list(row))
        book.save(self.path(name))
        return book

    def parcels(self, *shapes: Any, codes: Sequence[str] = (), **columns: Sequence[Any]) -> None:
        """Write ``用地.gpkg`` of shapes near the middle of the community and name it as land use."""
        given = {"number": [f"{n + 1:04d}" for n in range(len(shapes))], **columns}
        self.vector("用地.gpkg", near(*shapes), landuse_code=list(codes) or ["070102"] * len(shapes), **given)
        self.add("parcel", "用地.gpkg")

    def buildings(self, *shapes: Any, **columns: Sequence[Any]) -> None:
        """Write ``建筑.gpkg`` of shapes near the middle of the community and name it as buildings."""
        given = {"id": [f"J{n + 1}" for n in range(len(shapes))], "use": ["住宅"] * len(shapes), **columns}
        given.setdefault("built", ["1998"] * len(shapes))
        self.vector("建筑.gpkg", near(*shapes), **given)
        self.add("building", "建筑.gpkg")

    def facilities(
        self, rows: Iterable[str], *, encoding: str = "utf-8", head: str = "名称,类型", **source: Any
    ) -> None:
        """Write ``设施.csv``: a line a facility, its place put behind it, and name it as facilities."""
        lines = [f"{head},东,北"]
        lines += [f"{row},{E0 + 10 * at:.1f},{N0:.1f}" for at, row in enumerate(rows)]
        self.put("设施.csv", "\n".join(lines) + "\n", encoding=encoding)
        self.add("facility", "设施.csv", **(POINTS | source))


POINTS = {"x": "东", "y": "北", "crs": CRS, "columns": {"name": "名称", "type_key": "类型"}}


def near(*shapes: Any) -> list[Any]:
    """Return shapes given in metres from the middle of the community in its coordinates."""
    return [None if shape is None else translate(shape, E0, N0) for shape in shapes]
