"""The plan config, one model a block. Every key has a description; unknown keys are refused."""

from __future__ import annotations

import difflib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from configs import read_settings
from configs.facilities import facility_classes
from configs.geometry import limits
from layers.onemap import delivered_layers
from pipeline.plan.base import Block
from pipeline.plan.kinds import FilePath, SafeName, Text, check_pattern
from pipeline.plan.sources import Divisions, Inputs, OpenData
from pipeline.plan.under import Base, Tiles

# Nobody walks farther in a quarter of an hour; more is a slip of units.
LONGEST_WALK_M = 5000.0
# What a fresh config has where only the technician knows the words.
PLACEHOLDER = "XX"


def suggest(unknown: list[str], known: list[str]) -> str:
    """Return unknown words, each with the known one that was probably meant."""
    near = {word: difflib.get_close_matches(word, known, n=1) for word in unknown}
    return "、".join(word + (f"（是否想写 {near[word][0]}？）" if near[word] else "") for word in unknown)


class Identity(Block):
    """Who and what the plan is; printed on every sheet and table."""

    id: SafeName = Field(description="方案标识，即 output/ 下的文件夹名")
    title: SafeName = Field(description="项目名称，如 云溪街道好社区更新实施方案")
    area: SafeName = Field(description="表名里的“XX社区”，如 云溪街道四社区")
    compiler: Text = Field(description="编制单位")
    compiled: date = Field(description="编制日期，写入图签、元数据和全部成果；成果不含运行当天的日期")
    data_year: int = Field(ge=2000, le=2100, description="现状数据年份")
    first_year: int = Field(ge=2020, le=2100, description="实施第一年，分期安排由此顺推")
    map_review_no: Text = Field("", description="审图号，没有则留空")
    region_code: str = Field(pattern=r"^\d{6}$", description="县（市、区）行政区代码，6 位")
    region_name: Text = Field(description="行政区名称")
    province_prefix: str = Field("36", pattern=r"^\d{2}$", description="社区代码应有的省级前缀")
    plan_block: int = Field(
        1, ge=1, le=999, description="方案块号，标识码 BSM 的第 11–13 位；一县内各方案不得重复"
    )


class Crs(Block):
    """The plan's coordinate system (standards/crs.md)."""

    zone: int | None = Field(
        None, description="中央经线对应的带号 38（114°E）或 39（117°E）；缺省按中心经度判定"
    )
    deliver: Literal["plain", "prefixed", "degrees"] = Field(
        "plain",
        description="shp 和 GeoPackage 成果的坐标：plain 为 3° 带不带带号（EPSG:4547/4548），prefixed 为东坐标带带号（EPSG:4526/4527），degrees 为经纬度（EPSG:4490）；面积均按 area_rule 在规划坐标系中量算",
    )
    area_rule: Literal["planar", "ellipsoidal"] = Field(
        "planar", description="面积口径：planar 为 3° 带平面面积，ellipsoidal 为椭球面积"
    )

    @model_validator(mode="after")
    def _zone(self) -> Crs:
        if self.zone is not None and not 25 <= self.zone <= 45:
            raise ValueError("zone 应为 3° 带号 25–45（江西为 38、39）")
        return self


class Walking(Block):
    """How far five, ten and fifteen minutes are (GB 50180-2018 3.0.4) and how things join the network."""

    rule: Literal["distance", "speed"] = Field(
        "distance", description="distance 按标准距离，speed 按步速×时间"
    )
    tiers_m: dict[int, float] = Field(
        default={5: 300.0, 10: 500.0, 15: 1000.0}, description="各档步行距离（米），键为分钟"
    )
    speed_m_per_min: float = Field(60.0, ge=10, le=200, description="rule 为 speed 时的步速（米/分钟）")
    max_access_m: float = Field(150.0, gt=0, le=2000, description="点到路网的最大接入距离")
    node_tolerance_m: float = Field(0.05, gt=0, le=2, description="路口捕捉容差")
    gate_m: float = Field(
        5.0,
        gt=0,
        le=50,
        description="出入口开口的半宽：障碍距出入口不超过此值的一段、小区和公园的轮廓在其出入口处的一段，不阻隔",
    )
    dem: FilePath | None = Field(
        None, description="地面高程栅格（GeoTIFF，米）；给出时按坡度折算步行距离（Tobler 函数，往返平均）"
    )
    cell_m: float = Field(10.0, ge=2, le=50, description="绘制范围用的格网边长")
    radii_m: dict[str, Annotated[float, Field(gt=0, le=5000)]] = Field(
        default_factory=dict, description="个别设施类型的服务距离，键为类型代码"
    )

    @model_validator(mode="after")
    def _tiers(self) -> Walking:
        if set(self.tiers_m) != {5, 10, 15}:
            raise ValueError("tiers_m 应给出 5、10、15 三档")
        if not self.tiers_m[5] < self.tiers_m[10] < self.tiers_m[15]:
            raise ValueError("tiers_m 应逐档增大")
        if not (self.tiers_m[5] > 0 and self.tiers_m[15] <= LONGEST_WALK_M):
            raise ValueError(f"tiers_m 应大于 0，不超过 {LONGEST_WALK_M:.0f} 米")
        return self

    @model_validator(mode="after")
    def _radii(self) -> Walking:
        unknown = [key for key in self.radii_m if key not in facility_classes()]
        if unknown:
            raise ValueError(f"radii_m 中没有这些设施类型：{suggest(unknown, list(facility_classes()))}")
        return self

    def limit_m(self, minutes: int) -> float:
        """Return the walking limit in metres of a 5, 10 or 15 minute tier."""
        return self.speed_m_per_min * minutes if self.rule == "speed" else self.tiers_m[minutes]

    def class_limit_m(self, key: str) -> float:
        """Return the walking limit in metres of a facility class: its own radius, else its tier's."""
        return self.radii_m.get(key, self.limit_m(facility_classes()[key].minutes))

    def rule_text(self) -> str:
        """Return the one-line note that every sheet of reach carries."""
        tiers = "、".join(f"{t}分钟={self.limit_m(t):.0f} m" for t in (5, 10, 15))
        basis = "标准距离" if self.rule == "distance" else f"步速 {self.speed_m_per_min:g} m/min"
        slope = "，按坡度折算（Tobler 函数，往返平均）" if self.dem else ""
        return f"步行按路网距离（含两端接入距离）{slope}，{basis}：{tiers}"


class Topology(Block):
    """How layers that tile the ground are mended (communities, land use)."""

    tolerance_m: float = Field(
        default_factory=lambda: limits().repair_m,
        gt=0,
        le=0.5,
        description="公共边自动修正的最大移动（米）：重叠、缝隙不宽于此的自动修正并记录，更宽的重叠须改正后再运行；"
        "缺省见 configs/geometry.yaml",
    )


class Idle(Block):
    """What counts as idle space (DESIGN §4: positive evidence only)."""

    min_area_m2: float = Field(80.0, gt=0, description="用地类闲置空间的最小可用面积")
    min_width_m: float = Field(4.0, gt=0, description="最小内接宽度")
    min_completeness: float = Field(0.6, ge=0, le=1, description="街区测绘完整度达到此值，剩余空地才作为疑似")
    imagery: FilePath | None = Field(
        None, description="正射影像（GeoTIFF，红绿蓝）；给出时识别裸露、闲置的地面，作为疑似，须现场核实"
    )
    methods: list[Literal["剩余空地", "退让空地", "可用屋顶", "富余停车", "影像裸地"]] = Field(
        default=["剩余空地", "退让空地", "可用屋顶", "富余停车", "影像裸地"],
        description="采用哪些方法识别疑似空间；台账、闲置地块和闲置建筑始终列入",
    )


class Sheets(Block):
    """Drawing options."""

    name_pattern: Annotated[
        str, AfterValidator(check_pattern(fields=("plan", "number", "title"), apart=("number", "title")))
    ] = Field("{number}_{title}", description="图纸文件名模式，可用 plan、number、title")
    only: list[str] = Field(default_factory=list, description="只绘制这些图号，缺省全部")
    base: Base | None = Field(None, description="底图影像（本机文件），垫在图面之下；缺省没有底图")
    tiles: Tiles | None = Field(
        None, description="在线底图；缺省不联网。取不到时照常出图，不带底图，并在质检报告中说明"
    )

    @model_validator(mode="after")
    def _only(self) -> Sheets:
        numbers = [sheet["number"] for sheet in read_settings("catalogue.yaml")["sheets"]]
        unknown = [number for number in self.only if number not in numbers]
        if unknown:
            raise ValueError(
                f"only 中没有这些图号：{suggest(unknown, numbers)}；用 haoshequ catalogue 查看全部图号"
            )
        return self

    @model_validator(mode="after")
    def _one_ground(self) -> Sheets:
        if self.base is not None and self.tiles is not None:
            raise ValueError("base 与 tiles 只能给一个")
        return self


class Delivery(Block):
    """Where and how the hand-in is written."""

    folder: FilePath = Field(Path("../output"), description="成果所在的上级文件夹，相对于本配置文件")
    shp_encoding: Literal["UTF-8", "GBK"] = Field("UTF-8", description="shapefile 属性编码")
    shp_degrees: bool = Field(
        False,
        description="是否另写一套经纬度（EPSG:4490）的 shp：数据库/SHP_4490，文件名、字段、面积与数据库/SHP 相同",
    )
    shp_pattern: Annotated[
        str,
        AfterValidator(check_pattern(fields=("region", "area", "layer", "alias"), apart=("layer", "alias"))),
    ] = Field("{region}{area}_{layer}", description="shp 文件名模式，可用 region、area、layer、alias")
    ysdm: dict[str, str] = Field(
        default_factory=dict, description="要素代码 YSDM，键为图层代码（如 HSQ_XZYD）；缺省为空"
    )
    cad: bool = Field(
        True, description="是否另写 CAD 图（图件/DWG：每张图一份 DXF 和 DWG，实地坐标，单位米）"
    )
    documents: bool = Field(
        True,
        description="是否写出文本（文本/：方案文本（初稿）.docx 和 附表.docx，正文提纲见 configs/text_outline.yaml）",
    )
    public: bool = Field(
        True,
        description="是否另写公示版（公示版/：图件、图集和精简表格，不含权利人、个人信息和精确坐标，规则见 configs/public.yaml）",
    )

    @model_validator(mode="after")
    def _codes(self) -> Delivery:
        strange = sorted(self.ysdm.keys() - {code for code, *_ in delivered_layers()})
        if strange:
            raise ValueError(f"ysdm 中没有这些图层代码：{'、'.join(strange)}")
        return self


class Hand(Block):
    """Where planners overrule the machine, and the sheets of their own that tables are written into."""

    decisions: FilePath | None = Field(
        None,
        description="人工决策表（xlsx）；缺省为配置文件旁的 <方案标识>.decisions.xlsx，没有该文件即没有人工决策。"
        "可填的样表由每次运行写在 output/<方案标识>/decisions.xlsx",
    )
    templates: dict[str, FilePath] = Field(
        default_factory=dict,
        description="自有表格样式（xlsx）：表号 → 文件，如 表1: 模板/资源清单.xlsx；保留其表头和样式，按表头文字对应各列，在表头下写入",
    )

    @model_validator(mode="after")
    def _tables(self) -> Hand:
        known = [str(table["number"]) for table in read_settings("tables.yaml").values()]
        unknown = [number for number in self.templates if number not in known]
        if unknown:
            raise ValueError(f"templates 中没有这些表号：{suggest(unknown, known)}")
        return self


class Plan(Block):
    """A plan: one file, one hand-in."""

    plan: Identity = Field(description="方案基本信息")
    crs: Crs = Field(default=Crs(), description="坐标系与面积口径")
    inputs: Inputs = Field(default=Inputs(), description="输入文件")
    open_data: OpenData | None = Field(None, description="OpenStreetMap 数据")
    divisions: Divisions | None = Field(None, description="区划代码表")
    walking: Walking = Field(default=Walking(), description="步行与生活圈")
    topology: Topology = Field(default=Topology(), description="公共边与拓扑")
    idle: Idle = Field(default=Idle(), description="闲置空间识别")
    sheets: Sheets = Field(default=Sheets(), description="图纸")
    delivery: Delivery = Field(default=Delivery(), description="成果输出")
    hand: Hand = Field(default=Hand(), description="人工决策与自有表格样式")

    _home: Path = PrivateAttr(default=Path())

    @model_validator(mode="before")
    @classmethod
    def _bare_blocks(cls, data: Any) -> Any:
        """Read a block whose lines are all commented out as absent."""
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if value is not None or key == "plan"}

    @model_validator(mode="after")
    def _one_degrees(self) -> Plan:
        if self.delivery.shp_degrees and self.crs.deliver == "degrees":
            raise ValueError("crs.deliver 为 degrees 时 shp 已是经纬度，去掉 delivery.shp_degrees")
        return self

    @model_validator(mode="after")
    def _has_place(self) -> Plan:
        if not self.inputs.community_given and self.open_data is None:
            raise ValueError("inputs.community_given 与 open_data 至少给一个")
        return self

    def resolve(self, path: Path) -> Path:
        """Return ``path`` against the folder of the config file."""
        return path if path.is_absolute() else (self._home / path).resolve()

    def located(self, home: Path) -> Plan:
        """Return the plan bound to the folder its relative paths start from."""
        self._home = home
        return self

    @property
    def decisions(self) -> Path:
        """The workbook of the planner's decisions, whether or not it exists."""
        return self.resolve(self.hand.decisions or Path(f"{self.plan.id}.decisions.xlsx"))

    @property
    def output(self) -> Path:
        """Folder of this plan's results."""
        return self.resolve(self.delivery.folder) / self.plan.id
