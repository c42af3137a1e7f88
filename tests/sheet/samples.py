"""Four sheets of the kinds a hand-in has, over the test town."""

from __future__ import annotations

import geopandas as gpd

from pipeline.deliver.sheet.scale import choose_scale
from pipeline.deliver.sheet.spec import Drawn, SheetSpec, SideTable, TitleBlock
from styles.frame import load_frame
from tests.sheet.town import CRS_117, CRS_TEXT, build_projects

BLOCK = TitleBlock(
    project="枫林街道枫林、东溪社区“好社区”更新实施方案（2026—2030年）",
    unit="某某市规划设计研究院", date="2026年3月", crs_text=CRS_TEXT,
)  # fmt: skip
RULE = "步行距离按路网计算：5、10、15分钟分别取300、500、1000米，含门口接入距离。"
Town = dict[str, gpd.GeoDataFrame]


def _background(town: Town, *, buildings: bool = True) -> list[Drawn]:
    layers = [
        Drawn(frame=town["study"], theme="context", value="底色", in_legend=False),
        Drawn(frame=town["river"], theme="surface", value="水面", label_column="name",
              label_kind="水系名", label_priority=40, legend_group="基础地理"),
        Drawn(frame=town["roads"], theme="road", class_column="cls", label_column="name",
              label_kind="道路名", label_priority=30, in_legend=False),
    ]  # fmt: skip
    if buildings:
        layers.append(Drawn(frame=town["buildings"], theme="building", value="建筑", legend_group="基础地理"))
    return layers


def _bounds(town: Town) -> list[Drawn]:
    return [
        Drawn(frame=town["plan"], theme="boundary", value="更新范围", legend_group="规划界线"),
        Drawn(frame=town["study"], theme="boundary", value="研究范围", legend_group="规划界线"),
        Drawn(frame=town["communities"], theme="boundary", value="社区边界", legend_group="规划界线",
              label_column="name", label_kind="社区名", label_priority=90),
    ]  # fmt: skip


def _inset(town: Town) -> tuple[Drawn, ...]:
    return (
        Drawn(frame=town["neighbours"], theme="context", value="相邻社区", label_column="name", label_kind="小图名"),
        Drawn(frame=town["roads"][town["roads"]["cls"] != "小区路"], theme="context", value="周边道路"),
        Drawn(frame=town["communities"], theme="context", value="本社区", label_column="name", label_kind="小图名", label_priority=5),
        Drawn(frame=town["river"], theme="surface", value="水面"),
    )  # fmt: skip


def _sheet(
    town: Town, number: str, title: str, group: str, layers: list[Drawn], *, study: bool, **more
) -> SheetSpec:
    layout = more.get("layout", "standard")
    frame = load_frame(layout)
    extent = tuple(town["study" if study else "plan"].total_bounds)
    scale = choose_scale(extent, (frame.map.width, frame.map.height), frame.scales, margin=6)
    return SheetSpec(
        number=number, title=title, group=group, crs=CRS_117, extent=extent, scale=scale,
        layers=tuple(layers), block=BLOCK, inset=_inset(town), **more,
    )  # fmt: skip


def make_landuse(town: Town) -> SheetSpec:
    parcels = town["parcels"]
    area = parcels.clip(town["plan"]).assign(ha=lambda d: d.area / 1e4).groupby("code")["ha"].sum()
    rows = tuple((code, f"{ha:.2f}", f"{ha / area.sum():.1%}") for code, ha in area.items())
    layers = [
        *_background(town, buildings=False),
        Drawn(frame=parcels, theme="landuse", class_column="code", legend_group="用地分类",
              label_column="code", label_kind="代码", label_place="inside", label_priority=10),
        *_bounds(town),
    ]  # fmt: skip
    return _sheet(
        town, "02", "用地现状图", "现状分析", layers, study=False,
        focus=town["plan"].geometry.iloc[0], legend_groups=("规划界线", "用地分类"),
        side_tables=(SideTable(title="现状用地汇总表", columns=("用地代码", "面积（公顷）", "占比"), rows=(*rows, ("合计", f"{area.sum():.2f}", "100.0%")), numeric=(1, 2)),),
        notes=("用地分类按《国土空间调查、规划、用途管制用地用海分类指南》（2023年）；颜色相同的小类以地块内代码区分。", "面积按高斯-克吕格平面计算，数据截至2025年12月。"),
    )  # fmt: skip


def make_facilities(town: Town) -> SheetSpec:
    points = town["facilities"]
    layers = [
        *_background(town),
        Drawn(frame=points, theme="facility", class_column="group", legend_group="公共服务设施",
              label_column="number", label_kind="编号", label_priority=70, label_required=True,
              legend_counts=True),
        *_bounds(town),
    ]  # fmt: skip
    rows = tuple(points[["number", "name", "group"]].itertuples(index=False, name=None))
    return _sheet(
        town, "05", "公共服务设施现状图", "现状分析", layers, study=False, layout="wide",
        focus=town["plan"].geometry.iloc[0],
        side_tables=(SideTable(title="设施一览表", columns=("编号", "名称", "类别"), rows=rows),),
        notes=("图上编号与《附表 设施一览表》一致。",),
    )  # fmt: skip


def make_projects(town: Town) -> SheetSpec:
    projects = build_projects(town)
    layers = [
        *_background(town),
        Drawn(frame=projects, theme="engineering", class_column="family", legend_group="工程类别",
              label_column="number", label_place="badge", legend_counts=True),
        *_bounds(town),
    ]  # fmt: skip
    rows = tuple(projects[["number", "name", "family"]].itertuples(index=False, name=None))
    return _sheet(
        town, "28", "更新项目分布图（汇总）", "项目实施", layers, study=False,
        focus=town["plan"].geometry.iloc[0],
        side_tables=(SideTable(title="更新项目一览表", columns=("编号", "项目名称", "工程类别"), rows=rows),),
        notes=("项目编号与表2一致；线状、面状项目以编号标注于中部。",),
    )  # fmt: skip


def make_coverage(town: Town) -> SheetSpec:
    layers = [
        *_background(town, buildings=False),
        Drawn(frame=town["bands"], theme="coverage", class_column="band", legend_group="步行可达范围"),
        Drawn(frame=town["buildings"].clip(town["study"]), theme="home", class_column="reach", legend_group="住宅覆盖情况", legend_counts=True),
        Drawn(frame=town["hubs"], theme="facility", class_column="group", legend_group="设施",
              label_column="name", label_priority=60, label_required=True),
        *_bounds(town),
    ]  # fmt: skip
    return _sheet(
        town, "10", "设施十五分钟覆盖图——养老", "共建共享分析", layers, study=True,
        side_tables=(SideTable(title="养老设施覆盖统计", columns=("社区", "住宅（栋）", "覆盖率", "共享后"), rows=(("枫林社区", "312", "71.2%", "88.5%"), ("东溪社区", "287", "64.8%", "83.3%"), ("合计", "599", "68.1%", "86.0%")), numeric=(1, 2, 3)),),
        notes=(RULE, "覆盖范围由10米格网逐格计算所得，与附表统计同源。"),
    )  # fmt: skip


SHEETS = {
    "landuse": make_landuse,
    "facilities": make_facilities,
    "projects": make_projects,
    "coverage": make_coverage,
}
