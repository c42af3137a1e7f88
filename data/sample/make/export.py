"""Write the sample's files: schemas, columns, and the flaws planted in each of them."""

from __future__ import annotations

from pathlib import Path

import facilities as fc
import ledgers as lg
import numpy as np
import office
import people
import rasters
import shapely
import survey
import utilities as ut
import writers as wr
from flaws import DOUBLED, LOOPED, SPIKED, UNDATED, loop, spike
from frame import COMMUNITIES, CRS, CRS_PREFIXED, PREFIX_M, STREET
from shapely import LineString
from town import Town, find_parcel

WORK_COLUMNS = {
    "GCMC": "str",
    "GZLX": "str",
    "SSZT": "str",
    "SSNR": "str",
    "KGNY": "str",
    "WGNY": "str",
    "TZ": "float",
    "SSDW": "str",
}
SCHEMAS: dict[str, dict] = {
    "社区边界": {
        "geometry": "Polygon",
        "properties": {
            "SQMC": "str:60",
            "SQDM": "str:12",
            "JDMC": "str:60",
            "HS": "int:8",
            "RK": "int:8",
        },
    },
    "现状用地": {
        "geometry": "Polygon",
        "properties": {
            "TBBH": "str:8",
            "YDYHFLDM": "str:10",
            "YDYHFLMC": "str:50",
            "QSXZ": "str:2",
            "SYZK": "str:20",
            "BZ": "str:254",
        },
    },
    "建筑": {
        "geometry": "Polygon",
        "properties": {
            "JZBH": "str:10",
            "JZMC": "str:60",
            "JZGN": "str:40",
            "CS": "int:3",
            "JCND": "int:4",
            "CQXZ": "str:20",
            "QLR": "str:100",
            "SYZK": "str:20",
            "ZL": "str:10",
            "HS": "int:6",
            "RK": "int:6",
            "LNRK": "int:6",
            "YYRK": "int:6",
            "ERRK": "int:6",
        },
    },
    "道路": {
        "geometry": "LineString",
        "properties": {"DLMC": "str", "DLDJ": "str", "LKKD": "float", "SFQL": "str", "CJ": "int"},
    },
    "出入口": {"geometry": "Point", "properties": {"MC": "str", "XQ": "str"}},
    "市政点": {
        "geometry": "Point",
        "properties": {"BH": "str", "SSLX": "str", "MC": "str", "ZT": "str"},
    },
    "管线": {
        "geometry": "LineString",
        "properties": {
            "BH": "str",
            "GXLX": "str",
            "GJ": "int",
            "CZ": "str",
            "GK": "str",
            "JSND": "int",
            "DL": "str",
            "BZ": "str",
        },
    },
    "历史文化保护": {
        "geometry": "Polygon",
        "properties": {"BHLX": "str", "BHMC": "str", "JB": "str", "MJ": "float"},
    },
    "公共活动空间": {
        "geometry": "Polygon",
        "properties": {"MC": "str", "LX": "str", "KFSJ": "str", "MJ": "float"},
    },
    "水系": {
        "geometry": "Polygon",
        "properties": {"MC": "str", "LX": "str", "MJ": "float"},
    },
    "排水需求": {
        "geometry": "LineString",
        "properties": {"XQBH": "str", "GXLX": "str", "MS": "str", "CD": "float"},
    },
    "已实施工程": {"geometry": "Polygon", "properties": WORK_COLUMNS},
    "已实施管线": {"geometry": "LineString", "properties": WORK_COLUMNS},
    "资源范围": {
        "geometry": "Polygon",
        "properties": {"ZYBH": "str:10", "ZYMC": "str:100", "ZYLB": "str:8", "MJ": "float:16.2"},
    },
}


def list_parcels(town: Town, *, flawed: bool = True) -> list[dict]:
    rows = [
        {
            "TBBH": p["tbbh"],
            "YDYHFLDM": p["code"],
            "YDYHFLMC": p["title"],
            "QSXZ": p["rights"],
            "SYZK": p["status"],
            "BZ": p["name"],
            "geometry": p["geometry"],
        }
        for p in town.parcels
    ]
    for row in rows:
        if flawed and row["BZ"] == SPIKED:
            row["geometry"] = spike(row["geometry"])
    return rows


def list_buildings(town: Town, *, flawed: bool = True) -> list[dict]:
    """Buildings; flawed: one drawn twice, a few undated, the zone prefix in the easting."""
    rows = []
    doubled = [b for b in town.buildings if flawed and b["name"] == DOUBLED]
    shift = np.array([PREFIX_M if flawed else 0.0, 0.0])
    for i, b in enumerate([*town.buildings, *doubled, *town.outside]):
        rows.append(
            {
                "JZBH": f"JZ{i + 1:04d}",
                "JZMC": b["name"],
                "JZGN": b["use"],
                "CS": b["floors"],
                "JCND": None if flawed and b["name"] in UNDATED else b["year"],
                "CQXZ": b["tenure"],
                "QLR": b["owner"],
                "SYZK": b["state"],
                "ZL": b["quality"],
                "HS": b["households"],
                "RK": b["residents"],
                "LNRK": b["old"],
                "YYRK": b["infant"],
                "ERRK": b["child"],
                "geometry": shapely.transform(b["geometry"], lambda c: np.round(c + shift, 3)),
            }
        )
    return rows


def list_roads(town: Town, *, flawed: bool = True) -> list[dict]:
    widths = {"小区路": 5.0, "步行道": 2.5, "台阶": 2.0}
    rows = [
        {
            "DLMC": r["name"] or None,
            "DLDJ": r["kind"],
            "LKKD": r.get("width") or widths[r["kind"]],
            "SFQL": r["bridge"],
            "CJ": r["grade"],
            "geometry": LineString(np.round(r["geometry"].coords, 3)),
        }
        for r in town.network
    ]
    return [*rows, dict(rows[3])] if flawed else rows  # planted: one piece drawn twice


def list_communities(town: Town) -> list[dict]:
    out = []
    for name, code in {n: c for n, c in COMMUNITIES.items() if n in town.communities}.items():
        homes, heads = people.count_people(town.buildings, name)
        out.append(
            {
                "SQMC": name,
                "SQDM": code,
                "JDMC": STREET,
                "HS": homes,
                "RK": heads,
                "geometry": town.communities[name],
            }
        )
    return out


def write_adjoining(town: Town) -> str:
    """Return the communities round the plan as a table of points: the middle of what is built there."""
    plots: dict[str, dict[str, shapely.Geometry]] = {}
    for building in town.outside:
        parcel = building["parcel"]
        plots.setdefault(parcel["community"], {})[parcel["tbbh"]] = parcel["geometry"]
    lines = ["名称,东坐标,北坐标"]
    for name, shapes in sorted(plots.items()):
        spot = shapely.centroid(shapely.MultiPoint([shape.centroid for shape in shapes.values()]))
        lines.append(f"{name},{spot.x:.2f},{spot.y:.2f}")
    return "\n".join(lines) + "\n"


def write_sample(out: Path, town: Town, facilities: list[dict]) -> None:
    """Write every input file of the sample below ``out``."""
    s = SCHEMAS
    wr.write_shp(out / "社区边界.shp", list_communities(town), s["社区边界"], CRS)
    wr.write_text(out / "相邻社区.csv", write_adjoining(town))
    wr.write_shp(out / "现状用地.shp", list_parcels(town), s["现状用地"], CRS, encoding="GBK", declare=False)
    wr.write_shp(out / "建筑.shp", list_buildings(town), s["建筑"], CRS_PREFIXED)
    gates = [
        {
            "MC": g["name"],
            "XQ": g["estate"],
            "geometry": shapely.set_precision(g["geometry"], 0.001),
        }
        for g in town.gates
    ]
    wr.write_gpkg(
        out / "道路.gpkg",
        {"道路": (list_roads(town), s["道路"]), "出入口": (gates, s["出入口"])},
        CRS,
    )
    rows, totals = fc.make_ledger(facilities)
    wr.write_xlsx(
        out / "设施台账.xlsx",
        "设施台账",
        fc.LEDGER_HEADER,
        rows,
        totals=totals,
        title="云溪街道公共服务设施台账（虚构数据）",
        widths={"设施名称": 26, "设施类型": 22, "备注": 18, "X(北)": 15, "Y(东)": 15},
    )
    wr.write_text(out / "地图POI.csv", fc.make_poi_csv(town, facilities))
    wr.write_gpkg(
        out / "市政.gpkg",
        {"市政点": (ut.make_points(town), s["市政点"]), "管线": (ut.make_pipes(town), s["管线"])},
        CRS,
    )
    kept, open_air = ut.make_green(town)
    wr.write_gpkg(
        out / "绿地与保护.gpkg",
        {
            "历史文化保护": (kept, s["历史文化保护"]),
            "公共活动空间": (open_air, s["公共活动空间"]),
            "水系": (ut.make_waters(town), s["水系"]),
        },
        CRS,
    )
    wide = {
        "需求描述": 38,
        "位置描述": 26,
        "对应板块": 20,
        "X(北)": 13,
        "Y(东)": 13,
        "设施类型": 20,
    }
    wr.write_xlsx(
        out / "需求清单.xlsx",
        "需求清单",
        survey.NEED_HEADER,
        lg.list_needs(lg.make_needs(town)),
        widths=wide,
    )
    wr.write_gpkg(out / "排水需求.gpkg", {"排水需求": (lg.make_drains(town), s["排水需求"])}, CRS)
    rows, shapes = lg.make_resources(town)
    for row in shapes:
        if row["ZYBH"] == LOOPED:
            row["geometry"] = loop(row["geometry"])
    wr.write_xlsx(
        out / "资源台账.xlsx",
        "资源台账",
        survey.RESOURCE_HEADER,
        rows,
        widths={
            "资源名称": 26,
            "位置描述": 28,
            "权利人": 26,
            "政策条款/文号": 40,
            "支持单位": 20,
            "备注": 26,
        },
    )
    wr.write_shp(out / "资源范围.shp", shapes, s["资源范围"], CRS)
    rasters.write_rasters(out, town, CRS, step=1, jpeg_quality=82, tiled=True, blockxsize=256, blockysize=256)
    lines = {
        r["name"]: shapely.line_merge(
            shapely.union_all([p["geometry"] for p in town.streets if p["name"] == r["name"]])
        )
        for r in town.streets
    }
    works = [(row, find_parcel(town, row[-1].lstrip("@"))["geometry"]) for row in office.WORKS]
    pipes = [(row, max(shapely.get_parts(lines[row[-1]]), key=lambda g: g.length)) for row in office.PIPES]
    names = list(town.communities)
    rows, totals = office.list_people_by_community(town.buildings, names)
    write_office(
        out,
        people=rows,
        totals=totals,
        plans=office.PLANS,
        works=works,
        pipes=pipes,
        targets=office.TARGETS,
        steps=office.STEPS,
        delegates=office.list_delegates(names, each=12),
    )


def write_office(
    out: Path,
    *,
    people: list[list],
    totals: list | None,
    plans: list[list],
    works: list[tuple[list, shapely.Geometry]],
    pipes: list[tuple[list, shapely.Geometry]],
    targets: list[list],
    steps: list[list],
    delegates: list[list],
) -> None:
    """Write the ledgers of ``office`` below ``out``."""
    wr.write_xlsx(out / "人口台账.xlsx", "人口", office.PEOPLE_HEADER, people, totals=totals)
    wide = {"来源规划": 34, "要求内容": 44, "落实情况": 30, "规划类型": 18}
    wr.write_xlsx(out / "相关规划要求.xlsx", "规划要求", office.PLAN_HEADER, plans, widths=wide)
    shapes = [
        [dict(zip(WORK_COLUMNS, row, strict=False)) | {"geometry": geometry} for row, geometry in part]
        for part in (works, pipes)
    ]
    layers = {
        name: (rows, SCHEMAS[name]) for name, rows in zip(("已实施工程", "已实施管线"), shapes, strict=True)
    }
    wr.write_gpkg(out / "已实施工程.gpkg", layers, CRS)
    wide = {"指标": 26, "依据": 30, "目标值": 20}
    wr.write_xlsx(out / "更新目标.xlsx", "更新目标", office.TARGET_HEADER, targets, widths=wide)
    wide = {"内容与结论": 40, "文件": 30, "组织单位": 20}
    wr.write_xlsx(out / "过程记录.xlsx", "过程记录", office.STEP_HEADER, steps, widths=wide)
    wide = {"附件名称": 40, "文件": 30, "出具单位": 20}
    wr.write_xlsx(out / "附件清单.xlsx", "附件", office.PAPER_HEADER, office.PAPERS, widths=wide)
    wr.write_xlsx(out / "居民代表.xlsx", "居民代表", office.DELEGATE_HEADER, delegates)
    wr.write_text(out / "造价.csv", office.COST_TEXT)
    for name, paragraphs in office.TEXTS.items():
        wr.write_docx(out / "附件" / name, paragraphs)
