"""Config blocks that say where the inputs are and what their columns mean."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.plan.base import Block
from pipeline.plan.kinds import FilePath

Datum = Literal["cgcs2000", "wgs84", "gcj02", "bd09"]
Classification = Literal["2023", "2020", "sandiao", "gb50137"]


class Source(Block):
    """One file (and layer or sheet) that feeds a canonical layer."""

    path: FilePath = Field(description="文件路径，相对于本配置文件")
    layer: str | None = Field(
        None,
        description="图层名（GeoPackage、FileGDB 等）、工作表名（xlsx）或压缩包内的文件名，缺省取第一个；"
        "DXF、DWG 为 CAD 图层名，KML、KMZ 为文件夹名，可用 * 代表任意文字，缺省全部",
    )
    encoding: str | None = Field(None, description="文字编码，如 gbk；缺省按证据自动判断")
    crs: str | None = Field(
        None,
        description="坐标系，如 EPSG:4548；缺省取文件自带的声明，与数值不符时拒绝；prj 表示按文件自带的城市独立坐标系参数采用",
    )
    datum: Datum | None = Field(
        None,
        description="坐标（或投影前的经纬度）的基准：gcj02（高德、腾讯）、bd09（百度）须还原，wgs84、cgcs2000 不还原；缺省由程序与路网、建筑、边界比对",
    )
    header_rows: int | None = Field(
        None, ge=1, le=5, description="表头行数（xlsx、csv 的多行合并表头），缺省自动识别"
    )
    skip_rows: int | None = Field(None, ge=0, description="表头之前要跳过的行数（如标题行），缺省自动识别")
    columns: dict[str, str] = Field(
        default_factory=dict,
        description="字段对应：本系统字段名 → 文件列名；合并表头写作“上级/下级”。同名列可省略",
    )
    x: str | None = Field(None, description="东向坐标（或经度）所在列；测绘习惯中 Y 为东向")
    y: str | None = Field(None, description="北向坐标（或纬度）所在列")
    wkt: str | None = Field(None, description="几何所在列（WKT 文本），用于 csv、xlsx")
    labels: dict[str, str] = Field(
        default_factory=dict,
        description="DXF、DWG：把落在面内的文字作为属性列，列名 → 文字所在 CAD 图层（可用 *），再在 columns 中对应",
    )
    values: dict[str, dict[str, str]] = Field(
        default_factory=dict, description="取值对应：字段名 → {文件中的值: 本系统的值}"
    )
    constants: dict[str, str] = Field(default_factory=dict, description="整个文件统一取的字段值")
    classification: Classification | None = Field(
        None,
        description="用地代码的版本：2023（现行用地用海分类）、2020（试行版）、sandiao（第三次国土调查）、"
        "gb50137（城市用地分类 R2、A33 等）；缺省按文件内容判断",
    )
    key: str | None = Field(None, description="与几何文件关联的键（本系统字段名），与 geometry 同用")
    geometry: Source | None = Field(None, description="按 key 提供几何的另一个文件")
    wgs84_shift: bool = Field(True, description="WGS84 与 CGCS2000 之间按零平移处理并记录")

    @model_validator(mode="after")
    def _pairs(self) -> Source:
        if (self.x is None) != (self.y is None):
            raise ValueError("x 与 y 必须同时给出")
        if self.wkt is not None and self.x is not None:
            raise ValueError("wkt 与 x、y 只能给一种")
        if (self.key is None) != (self.geometry is None):
            raise ValueError("key 与 geometry 必须同时给出")
        return self


class Inputs(Block):
    """Files by canonical layer; a layer may come from several files."""

    outline: list[Source] = Field(default_factory=list, description="规划外轮廓（社区为点时用）")
    community_given: list[Source] = Field(default_factory=list, description="社区边界（面）或社区点")
    parcel: list[Source] = Field(default_factory=list, description="现状用地图斑")
    building: list[Source] = Field(default_factory=list, description="现状建筑")
    road: list[Source] = Field(default_factory=list, description="道路与步行道中心线")
    gate: list[Source] = Field(
        default_factory=list,
        description="小区、公园出入口；有现状用地时，轮廓上有出入口的小区、公园只经出入口进出",
    )
    barrier: list[Source] = Field(
        default_factory=list,
        description="步行障碍：围墙、栅栏、河流、铁路、高差等线；出入口处放行，桥隧不受阻",
    )
    facility: list[Source] = Field(default_factory=list, description="各类设施")
    utility_point: list[Source] = Field(default_factory=list, description="市政设施点")
    utility_line: list[Source] = Field(default_factory=list, description="市政管线")
    open_space: list[Source] = Field(default_factory=list, description="公共活动空间、绿地、水域")
    heritage: list[Source] = Field(default_factory=list, description="历史文化保护范围")
    adjoining: list[Source] = Field(
        default_factory=list, description="相邻社区（面或点），只在图上标注名称，不参与测算"
    )
    survey: list[Source] = Field(default_factory=list, description="需求清单（专项体检）")
    ledger: list[Source] = Field(default_factory=list, description="资源台账（专项体检）")
    population: list[Source] = Field(default_factory=list, description="人口台账：按建筑或按社区，分年龄段")
    plan_demand: list[Source] = Field(
        default_factory=list,
        description="相关规划要求：来源、条款、内容，强制性、引导性或潜在政策空间（指南 3.1.1）",
    )
    past_work: list[Source] = Field(
        default_factory=list, description="已实施和在实施工程及其范围，用于避免重复建设（指南 3.1.2）"
    )
    target: list[Source] = Field(
        default_factory=list, description="更新目标：分维度的指标、现状值、目标值（指南 4.1）"
    )
    step: list[Source] = Field(
        default_factory=list,
        description="过程记录：征求意见、修改、公示、专家论证、审查、审定的日期和文件（指南 1.5）",
    )
    paper: list[Source] = Field(
        default_factory=list,
        description="附件：体检报告、协商情况、评审意见等文件，复制到成果并列入目录（指南 6.1）",
    )
    delegate: list[Source] = Field(default_factory=list, description="居民代表：人数与登记人数（指南 4.9.2）")
    unit_cost: list[Source] = Field(default_factory=list, description="当地造价，优先于程序自带的示例单价")

    def given(self) -> dict[str, list[Source]]:
        """Layers that have at least one file, in the declared order."""
        return {key: getattr(self, key) for key in type(self).model_fields if getattr(self, key)}


class OsmPick(Block):
    """Objects of the extract, chosen by id or by tags."""

    relation: int | None = Field(None, description="关系编号")
    way: int | None = Field(None, description="路径编号")
    tags: dict[str, str] = Field(default_factory=dict, description="标签条件，全部满足；值 * 表示任意")

    @model_validator(mode="after")
    def _some(self) -> OsmPick:
        if self.relation is None and self.way is None and not self.tags:
            raise ValueError("relation、way、tags 至少给一个")
        return self


class OpenData(Block):
    """An OpenStreetMap extract that fills every layer the technician has no file for."""

    path: FilePath = Field(description="OSM 文件：.osm、.osm.bz2、.osm.pbf")
    outline: OsmPick | None = Field(None, description="规划外轮廓，如街道边界关系")
    communities: OsmPick = Field(description="社区：点（配合 outline 生成示意边界）或面")
    street: str | None = Field(None, description="所在街道名称，用于匹配社区代码")
    home_spacing_m: float = Field(50.0, gt=0, description="没有住宅建筑时，沿居住道路布设示意住户点的间距")


class Divisions(Block):
    """The 12-digit division list that community names and codes are checked against."""

    path: FilePath | None = Field(
        None,
        description="区划代码表：一个 csv（列 code、name；9 位为街道、乡镇，12 位为社区、村），"
        "或含 streets、villages 两个 csv 的文件夹；缺省用随程序的江西省代码表（国家统计局 2023 年）",
    )
    fictional: list[Annotated[str, Field(pattern=r"^\d{2,12}$")]] = Field(
        default_factory=list,
        description="声明为虚构的代码开头（如 369901），以此开头的社区代码照样接受，不与代码表核对",
    )
    confirmed: dict[str, str] = Field(
        default_factory=dict, description="人工核实的社区代码：社区名称 → 12 位代码，优先于自动匹配"
    )
