"""The planted truth: what is known to be in the sample, proven before it is written.

No stage of the product reads the file; only tests do.
"""

from __future__ import annotations

import flaws
import ledgers as lg
import numpy as np
import office
import people
import rasters
import services as sv
import shapely
import survey
import yaml
from planted import (
    ALIKE,
    BETTER,
    GAPS,
    LEAST_SHARE,
    MATCHES,
    MISPLACED,
    NAMED,
    PARKING,
    PROJECTS,
    PROTECTED,
    REPEATS,
    ROOFS,
    SETBACKS,
    SHARED,
    TIER_M,
    TIER_MIN,
    WRONG_SHARE,
)
from town import HOUSING, Town, find_building, find_parcel
from walking import WalkGraph


def make_truth(town: Town, facilities: list[dict]) -> dict:
    """Assemble and prove the truth.

    Raises
    ------
    ValueError
        If a planted item does not hold on the drawn network, with every failure listed.
    """
    wrong: list[str] = []
    reach = measure_reach(town, facilities)
    truth = {
        "说明": "虚构数据的已知真值；仅供测试核对，任何处理环节不得读取",
        "数量": count(town, facilities),
        "闲置空间": list_idle(town),
        "漏配": [check_gap(reach, c, k, wrong) for c, k in GAPS],
        "共享可解": [check_shared(reach, c, k, wrong) for c, k in SHARED],
        "错配": [check_wrong(reach, town, c, k, wrong) for c, k in MISPLACED],
        "疑似空间": list_suspects(town, facilities, wrong),
        "预期匹配": [check_match(town, *m, wrong) for m in MATCHES],
        "重复建设": [check_repeat(town, *pair, wrong) for pair in REPEATS],
        "保护范围": [check_protected(town, *pair, wrong) for pair in PROTECTED],
        "规划要求": [check_named(*item, wrong) for item in NAMED],
        "项目投资": [check_project(*project, wrong) for project in PROJECTS],
        "埋设缺陷": list_faults(town),
    }
    if wrong:
        raise ValueError("planted truth does not hold:\n" + "\n".join(wrong))
    return truth


def count(town: Town, facilities: list[dict]) -> dict:
    return {
        "社区": len(town.communities),
        "地块": len(town.parcels),
        "建筑": len(town.buildings),
        "户数": sum(b["households"] for b in town.buildings),
        "人口": sum(b["residents"] for b in town.buildings),
        "周边建筑": len(town.outside),
        "周边人口": sum(b["residents"] for b in town.outside),
        "设施": len(facilities),
        "周边设施": sum(f["community"] not in town.communities for f in facilities),
        "设施类别": len({f["key"] for f in facilities}),
        "需求": len(survey.NEEDS),
        "资源": len(survey.PLACES) + len(survey.OTHERS),
    }


def measure_reach(town: Town, facilities: list[dict]) -> dict:
    homes = [b for b in town.buildings if b["residents"]]
    points = [b["geometry"].representative_point() for b in homes] + [f["geometry"] for f in facilities]
    return {
        "graph": join(town, points, homes=len(homes)),
        "n": len(homes),
        "facilities": facilities,
        "home": np.array([b["community"] for b in homes]),
    }


def join(town: Town, points: list, *, homes: int) -> WalkGraph:
    """Join points to the network; housing and parks with a gate of their own are left by a gate."""
    gates = shapely.points([g["geometry"].coords[0] for g in town.gates])
    estates = np.array([g["estate"] for g in town.gates])
    walled = [
        p["geometry"]
        for p in town.parcels
        if p["kind"] in (*HOUSING, "park")
        and (shapely.distance(p["geometry"].exterior, gates[estates == p["name"]]) < 1).any()
    ]
    return WalkGraph(town.network, points, walled=walled, gates=list(gates), homes=homes)


def reach_class(reach: dict, community: str, key: str) -> tuple[np.ndarray, np.ndarray, list[dict]]:
    """Distances to the nearest own and to the nearest facility of all, for homes of a community.

    Returns also the facilities of the class that reach one of those homes, nearest first.
    """
    n, targets = reach["n"], np.flatnonzero(reach["home"] == community).tolist()
    mine = [
        (n + i, f)
        for i, f in enumerate(reach["facilities"])
        if f["key"] == key or key in ALIKE.get(f["key"], ())
    ]
    own = reach["graph"].measure([i for i, f in mine if f["community"] == community], targets)
    near = [(float(reach["graph"].measure([i], targets).min()), i, f) for i, f in mine]
    limit = TIER_M[TIER_MIN[key]]
    serving = [f for far, _, f in sorted(near, key=lambda r: r[:2]) if far <= limit]
    return own, reach["graph"].measure([i for i, _ in mine], targets), serving


def head(community: str, key: str) -> dict:
    """The columns gaps and sharing pairs have in common."""
    return {
        "社区": community,
        "设施": key,
        "设施名称": sv.TYPES[key][0],
        "步行_分钟": TIER_MIN[key],
        "半径_m": TIER_M[TIER_MIN[key]],
    }


def check_gap(reach: dict, community: str, key: str, wrong: list[str]) -> dict:
    _, every, _ = reach_class(reach, community, key)
    if not every.min() > TIER_M[TIER_MIN[key]] * 1.15:
        wrong.append(f"gap {community} {key}: nearest home at {every.min():.0f} m")
    return head(community, key) | {
        "最近住宅_m": round(float(every.min())),
        "住宅栋数": len(every),
        "理由": "全部住宅步行距离均超过服务半径，共享后仍不可达",
    }


def check_shared(reach: dict, community: str, key: str, wrong: list[str]) -> dict:
    own, every, serving = reach_class(reach, community, key)
    # What a reader may take for the class keeps a gap from being one, but proves no sharing.
    strict = reach["graph"].measure(
        [reach["n"] + i for i, f in enumerate(reach["facilities"]) if f["key"] == key],
        np.flatnonzero(reach["home"] == community).tolist(),
    )
    share = float((strict <= TIER_M[TIER_MIN[key]]).mean())
    if np.isfinite(own).any() or share < LEAST_SHARE[TIER_MIN[key]]:
        wrong.append(f"shared {community} {key}: share {share:.2f}, own {np.isfinite(own).sum()}")
    return head(community, key) | {
        "供给": [
            {"名称": f["name"], "社区": f["community"] or "规划范围外"} for f in serving if f["key"] == key
        ],
        "共享后覆盖率": round(share, 3),
        "含相近类覆盖率": round(float((every <= TIER_M[TIER_MIN[key]]).mean()), 3),
        "理由": "本社区无此设施，跨界设施步行可达",
    }


def check_wrong(reach: dict, town: Town, community: str, key: str, wrong: list[str]) -> dict:
    """A class that most people of a community reach and few of those it is for."""
    _, every, _ = reach_class(reach, community, key)
    got = every <= TIER_M[TIER_MIN[key]]
    homes = [b for b in town.buildings if b["residents"] and b["community"] == community]
    heads, group = (np.array([b[name] for b in homes], dtype=float) for name in ("residents", "child"))
    of_all, of_group = heads[got].sum() / heads.sum(), group[got].sum() / group.sum()
    if not 0 < of_group < 0.8 * WRONG_SHARE * of_all:
        wrong.append(f"wrong {community} {key}: {of_group:.2f} of the group, {of_all:.2f} of all")
    return head(community, key) | {
        "居民可达占比": round(float(of_all), 3),
        "服务人群可达占比": round(float(of_group), 3),
        "理由": "多数居民可达，而服务人群多住在可达范围之外",
    }


def list_idle(town: Town) -> list[dict]:
    """Vacant parcels, idle buildings and leftover open land, with the ledger's id if any."""
    ledger = {p[3].lstrip("@"): p[0] for p in survey.PLACES}
    rows = []

    def add(kind: str, ident: str, name: str, geometry: object, community: str) -> None:
        p = geometry.representative_point()
        rows.append(
            {
                "类型": kind,
                "编号": ident,
                "名称": name,
                "社区": community,
                "X北": round(p.y, 2),
                "Y东": round(p.x, 2),
                "面积_m2": round(geometry.area, 1),
                "台账编号": ledger.get(name),
            }
        )

    for p in town.parcels:
        if p["status"] == "闲置":
            add("闲置地块", p["tbbh"], p["name"], p["geometry"], p["community"])
        if "open_land" in p:
            add("剩余空地", p["tbbh"], p["name"] + "北侧空地", p["open_land"], p["community"])
    for i, b in enumerate(town.buildings):
        if b["state"] == "闲置":
            add("闲置建筑", f"JZ{i + 1:04d}", b["name"], b["geometry"], b["community"])
    missing = set(people.IDLE_BUILDINGS) - {r["名称"] for r in rows}
    if missing:
        raise ValueError(f"idle buildings never drawn: {sorted(missing)}")
    return rows


def check_match(town: Town, need: str, resource: str, level: int, reason: str, wrong: list[str]) -> dict:
    spot = next(n for n in lg.make_needs(town) if n["id"] == need)
    row, shape = next((r, s) for r, s in zip(*lg.make_resources(town), strict=False) if r[0] == resource)
    far = spot["geometry"].distance(shape["geometry"])
    if far > 320:
        wrong.append(f"match {need}-{resource}: {far:.0f} m apart")
    if level == 3 and row[3] != spot["row"][10]:
        wrong.append(f"match {need}-{resource}: not in one community")
    scale = spot["row"][9] or 0
    if level >= 2 and scale > 1.05 * max(row[5] or 0, row[6] or 0):
        wrong.append(f"match {need}-{resource}: needs {scale}, has {row[5]}/{row[6]}")
    found = {
        "需求编号": need,
        "资源编号": resource,
        "预期等级": level,
        "直线距离_m": round(far),
        "理由": reason,
    }
    if need in BETTER:
        found["更优"] = check_better(town, need, spot, shape["geometry"], level, wrong)
    return found


def check_better(
    town: Town, need: str, spot: dict, row: shapely.Geometry, level: int, wrong: list[str]
) -> dict:
    """Return what serves a need better than its nearest ledger row: same community, large enough, idle or shared.

    It is of a higher level, or of the same and nearer on foot.
    """
    name, best, reason = BETTER[need]
    ledger = {
        r[0]: (r[3], s, max(r[5] or 0, r[6] or 0)) for r, s in zip(*lg.make_resources(town), strict=False)
    }
    built = {
        b["name"]: (f"JZ{i + 1:04d}", b["community"], b["geometry"], b["geometry"].area * b["floors"])
        for i, b in enumerate(town.buildings)
        if b["state"] == "闲置"
    }
    ident, community, shape, room = (name, *ledger[name]) if name in ledger else built[name]
    shape = shape["geometry"] if isinstance(shape, dict) else shape
    graph = join(town, [g.representative_point() for g in (spot["geometry"], shape, row)], homes=0)
    mine, others = graph.measure([0], [1, 2])
    nearer = best == level and mine < others
    if community != spot["row"][10] or room < (spot["row"][9] or 0) or not (best > level or nearer):
        wrong.append(
            f"better match {need}-{name}: {community}, {room:.0f} m2, level {best}, {mine:.1f}/{others:.1f} m"
        )
    far = spot["geometry"].distance(shape)
    return {"编号": ident, "等级": best, "直线距离_m": round(far), "理由": reason}


def check_project(
    need: str, priced: tuple[str, str] | None, total: object, payer: str | None, first: bool, wrong: list[str]
) -> dict:
    """A total is the need's scale times the place's unit cost; who pays holds more than any such project costs."""
    scale = next(row[9] for row in survey.NEEDS if row[0] == need)
    if priced is not None:
        lines = [line.split(",") for line in office.COST_TEXT.splitlines()[1:]]
        cost = next(float(line[3]) for line in lines if (line[0], line[1]) == priced)
        if round(cost * scale, 2) != total:
            wrong.append(f"{need}: {scale} x {cost} is not {total}")
    if payer is not None and payer not in {row[0] for row in survey.OTHERS if row[1] == "资金"}:
        wrong.append(f"{need}: {payer} is no money")
    facts = {
        "需求编号": need,
        "总投资_万元": total,
        "全部出资": payer,
        "项目类别": "必建类" if first else "提升类",
    }
    return {key: value for key, value in facts.items() if value is not None}


def check_repeat(town: Town, work: str, need: str, wrong: list[str]) -> dict:
    """A need that lies on a work done or under way."""
    parcel = next((w[-1].lstrip("@") for w in office.WORKS if w[0] == work), None)
    if parcel:
        spot = next(n for n in lg.make_needs(town) if n["id"] == need)["geometry"]
        ground = find_parcel(town, parcel)["geometry"]
    else:
        street = next(w[-1] for w in office.PIPES if w[0] == work)
        spot = next(d for d in lg.make_drains(town) if d["XQBH"] == need)["geometry"]
        ground = shapely.union_all([r["geometry"] for r in town.streets if r["name"] == street])
    if not spot.intersects(ground):
        wrong.append(f"repeat {work}-{need}: {spot.distance(ground):.0f} m apart")
    return {"工程": work, "需求编号": need}


def check_protected(town: Town, resource: str, name: str, wrong: list[str]) -> dict:
    """A resource in use whose ground meets a protection range."""
    place = next(p for p in survey.PLACES if p[0] == resource)
    ground = find_parcel(town, place[3].lstrip("@"))["geometry"]
    range_ = find_parcel(town, name)["geometry"].buffer(2)
    common = ground.intersection(range_).area
    if common < 10:
        wrong.append(f"protected {resource}-{name}: {common:.1f} m2 in common")
    return {"资源编号": resource, "保护对象": name, "重叠_m2": round(common, 1)}


def check_named(resource: str, clause: str, ratio: float | None, wrong: list[str]) -> dict:
    """A clause of another plan that speaks of a resource, by its name or its ground's."""
    place = next(p for p in survey.PLACES if p[0] == resource)
    row = next(p for p in office.PLANS if p[2] == clause)
    name = place[2]
    spoken = any(name in (text or "") for text in (row[4], row[6]))
    if not spoken or (ratio is not None and f"容积率不大于{ratio:g}" not in row[4]):
        wrong.append(f"named {resource}-{clause}: {name} not in {row[4]}")
    return {"资源编号": resource, "条款": clause} | ({"容积率上限": ratio} if ratio is not None else {})


def list_faults(town: Town) -> list[dict]:
    by = {b["name"]: f"JZ{i + 1:04d}" for i, b in enumerate(town.buildings)}
    spiked = next(p["tbbh"] for p in town.parcels if p["name"] == flaws.SPIKED)
    last = f"JZ{len(town.buildings) + 1:04d}"
    return [
        {
            "文件": "现状用地.shp",
            "缺陷": "编码未声明",
            "说明": "GBK 编码，无 .cpg，dbf 语言字节为 0",
        },
        {
            "文件": "现状用地.shp",
            "缺陷": "自相交",
            "对象": spiked,
            "说明": "边界有往返尖刺，修复后面积不变",
        },
        {"文件": "建筑.shp", "缺陷": "带号坐标", "说明": "东坐标含带号 39（EPSG:4527）"},
        {"文件": "建筑.shp", "缺陷": "重复要素", "对象": last, "原对象": by[flaws.DOUBLED]},
        {"文件": "建筑.shp", "缺陷": "年代缺失", "对象": [by[n] for n in flaws.UNDATED]},
        {"文件": "道路.gpkg", "图层": "道路", "缺陷": "重复线", "说明": "末条与第 4 条相同"},
        {
            "文件": "道路.gpkg",
            "图层": "道路",
            "缺陷": "假交叉",
            "对象": "云溪天桥",
            "说明": "层级 1，与云溪大道不相通",
        },
        {
            "文件": "设施台账.xlsx",
            "缺陷": "合并表头与合计行",
            "说明": "首行标题，二三行表头，末行合计",
        },
        {"文件": "设施台账.xlsx", "缺陷": "数值带单位", "说明": "如 120人、2,150㎡，部分为数字"},
        {"文件": "设施台账.xlsx", "缺陷": "坐标次序", "说明": "X 为北、Y 为东（测绘习惯）"},
        {"文件": "地图POI.csv", "缺陷": "GCJ-02 偏移", "说明": "经纬度为火星坐标，带 BOM"},
        {
            "文件": "地图POI.csv",
            "缺陷": "与台账重复",
            "对象": [b for _, b in sv.TWICE],
            "原对象": [a for a, _ in sv.TWICE],
        },
        {"文件": "地图POI.csv", "缺陷": "非生活圈类别", "对象": [n for n, *_ in sv.OTHER_POI]},
        {
            "文件": "需求清单.xlsx",
            "缺陷": "无位置需求",
            "对象": [n[0] for n in survey.NEEDS if n[12] is None],
        },
        {
            "文件": "资源范围.shp",
            "缺陷": "自相交",
            "对象": flaws.LOOPED,
            "说明": "边界打结，修复后面积变化小于 1 ㎡",
        },
        {
            "文件": "资源台账.xlsx",
            "缺陷": "权利人待核",
            "对象": [p[0] for p in survey.PLACES if p[6] == "待核"],
        },
        {"文件": "资源范围.shp", "缺陷": "形状狭长", "对象": ["ZY13", "ZY14"]},
        {"文件": "过程记录.xlsx", "缺陷": "次序颠倒", "说明": "修改晚于公示"},
    ]


def list_suspects(town: Town, facilities: list[dict], wrong: list[str]) -> list[dict]:
    """What could be a resource once somebody went to look, with how it is to be found."""
    rows = []

    def add(way: str, name: str, community: str, shape: shapely.Geometry, **more: object) -> None:
        p = shape.representative_point()
        rows.append(
            {"方法": way, "名称": name, "社区": community, "X北": round(p.y, 2), "Y东": round(p.x, 2), **more}
        )

    for item in rasters.list_bare(town):
        shape, plot = item["geometry"], item["parcel"]
        if plot["status"] != "在用" or not plot["geometry"].covers(shape) or shape.area < 150:
            wrong.append(f"bare {plot['name']}: {plot['status']}, {shape.area:.0f} m2")
        bounds = [round(v, 2) for v in shape.bounds]
        add("影像裸地", plot["name"], plot["community"], shape, 范围=bounds, 面积_m2=round(shape.area, 1))
    for name in ROOFS:
        b = find_building(town, name)
        if b["tenure"] != "国有" or b["quality"] == "差" or b["geometry"].area < 900 or b["floors"] > 5:
            wrong.append(f"roof {name}: {b['tenure']}, {b['quality']}, {b['geometry'].area:.0f} m2")
        add("可用屋顶", name, b["community"], b["geometry"], 面积_m2=round(b["geometry"].area, 1))
    for name, (note, bays) in PARKING.items():
        f = next(f for f in facilities if f["name"] == name)
        add("富余停车", name, f["community"], f["geometry"], 备注=note, 富余泊位=bays)
    for name in SETBACKS:
        plot = find_parcel(town, name)
        taken = shapely.union_all(
            [b["geometry"].buffer(4) for b in town.buildings]
            + [r["geometry"].buffer(3) for r in town.network]
            + [s["geometry"] for s in town.spaces]
            + [town.land]
        )
        near = plot["geometry"].intersection(town.land.buffer(29))
        spot = shapely.Point(shapely.maximum_inscribed_circle(near.difference(taken)).coords[0])
        if not spot.distance(taken) > 10.5:
            wrong.append(f"setback {name}: {spot.distance(taken):.1f} m free")
        add("退让空地", name, plot["community"], spot, 净空半径_m=round(spot.distance(taken), 1))
    return rows


def write_truth(truth: dict) -> str:
    return yaml.safe_dump(truth, allow_unicode=True, sort_keys=False, width=110)
