"""The config of a city: a plan config whose inputs cover many communities, and how they become plans."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from pipeline.plan.base import Block
from pipeline.plan.kinds import FilePath, SafeName, Text, check_pattern
from pipeline.plan.load import load_config
from pipeline.plan.models import Crs, Delivery, Hand, Idle, Plan, Sheets, Topology, Walking
from pipeline.plan.sources import Divisions, Inputs

# Layers that belong to one plan and not to a city: papers and records come with each plan's own making.
_OF_ONE_PLAN = ("outline", "adjoining", "paper", "step")
_FIELDS = ("name", "code", "street")
# Blocks a plan takes over as they are; inputs and pictures are cut out for it.
SHARED = ("crs", "divisions", "walking", "topology", "idle", "sheets", "delivery", "hand")


class Division(Block):
    """How the city's communities become plans."""

    id: SafeName = Field(description="全市标识，汇总成果写在 output/ 下的这个文件夹")
    title: SafeName = Field(description="全市名称，印在汇总图和汇总表上，如 虚构市好社区更新")
    folder: FilePath = Field(Path("社区方案"), description="各方案所在的文件夹，每个方案一个下级文件夹")
    by_street: bool = Field(False, description="true：同一街道的社区合为一个方案；缺省每个社区一个方案")
    groups: dict[SafeName, list[Text]] = Field(
        default_factory=dict, description="合为一个方案的社区：组名 → 社区名称；没有列入的社区仍各为一个方案"
    )
    only: list[Text] = Field(default_factory=list, description="只生成这些社区（或组）的方案，缺省全部")
    plan_id: Annotated[str, AfterValidator(check_pattern(fields=_FIELDS, apart=("name", "code")))] = Field(
        "{name}",
        description="方案标识模式，可用 name（社区或组名）、code（社区代码，组为其第一个社区的）、street",
    )
    plan_title: Annotated[str, AfterValidator(check_pattern(fields=_FIELDS, apart=("name", "code")))] = Field(
        "{name}好社区更新实施方案", description="项目名称模式"
    )
    plan_area: Annotated[str, AfterValidator(check_pattern(fields=_FIELDS, apart=("name", "code")))] = Field(
        "{name}", description="表名中“XX社区”的模式"
    )
    first_block: int = Field(1, ge=1, le=999, description="方案块号的起点；各方案依次取号，取过的号不再变")
    margin_m: float | None = Field(
        None, gt=0, le=20_000,
        description="社区外取多宽的数据；缺省为最长步行距离与最大接入距离之和，使研究范围和界外设施完整",
    )  # fmt: skip
    regions: dict[Annotated[str, Field(pattern=r"^\d{6}$")], Text] = Field(
        default_factory=dict,
        description="全市各县（市、区）：行政区代码 → 名称；社区代码以此开头的方案取该区，其余取 plan 一节所写",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Division:
        if self.by_street and self.groups:
            raise ValueError("by_street 与 groups 只能给一种")
        listed = [name for names in self.groups.values() for name in names]
        twice = sorted({name for name in listed if listed.count(name) > 1})
        if twice:
            raise ValueError(f"groups 中有社区列了两次：{'、'.join(twice)}；每个社区只能在一组中")
        empty = [name for name, names in self.groups.items() if not names]
        if empty:
            raise ValueError(f"groups 中这些组没有社区：{'、'.join(empty)}；补上社区或删去该组")
        return self


class Common(Block):
    """What the plans of a city have in common; printed on every sheet and table."""

    compiler: Text = Field(description="编制单位")
    compiled: date = Field(description="编制日期，写入图签、元数据和全部成果")
    data_year: int = Field(ge=2000, le=2100, description="现状数据年份")
    first_year: int = Field(ge=2020, le=2100, description="实施第一年")
    map_review_no: Text = Field("", description="审图号，没有则留空")
    region_code: str = Field(pattern=r"^\d{6}$", description="县（市、区）行政区代码，6 位")
    region_name: Text = Field(description="行政区名称")
    province_prefix: str = Field("36", pattern=r"^\d{2}$", description="社区代码应有的省级前缀")


class City(Block):
    """A city: one file, one plan a community."""

    city: Division = Field(description="全市，以及各社区怎样成为方案")
    plan: Common = Field(description="各方案共同的基本信息")
    inputs: Inputs = Field(
        description="全市的输入文件，写法同方案配置；outline、adjoining、paper、step 由各方案自己给出"
    )
    crs: Crs = Field(default=Crs(), description="坐标系与面积口径")
    divisions: Divisions | None = Field(None, description="区划代码表")
    walking: Walking = Field(default=Walking(), description="步行与生活圈")
    topology: Topology = Field(default=Topology(), description="公共边与拓扑")
    idle: Idle = Field(default=Idle(), description="闲置空间识别")
    sheets: Sheets = Field(default=Sheets(), description="图纸")
    delivery: Delivery = Field(
        default=Delivery(), description="成果输出；folder 相对于本配置文件，各方案的成果和汇总都写在其下"
    )
    hand: Hand = Field(default=Hand(), description="自有表格样式；人工决策由各方案自己给出")

    _home: Path = PrivateAttr(default=Path())

    @model_validator(mode="after")
    def _of_a_city(self) -> City:
        if not self.inputs.community_given:
            raise ValueError("inputs.community_given 没有给出；全市的社区边界（面）决定各方案")
        own = [key for key in _OF_ONE_PLAN if getattr(self.inputs, key)]
        if own:
            raise ValueError(f"inputs 中的 {'、'.join(own)} 不能全市共用；生成后写到各方案自己的配置里")
        if self.hand.decisions is not None:
            raise ValueError("hand.decisions 不能全市共用；人工决策表放在各方案的文件夹里")
        return self

    def located(self, home: Path) -> City:
        """Return the city bound to the folder its relative paths start from."""
        self._home = home
        return self

    def resolve(self, path: Path) -> Path:
        """Return ``path`` against the folder of the config file."""
        return path if path.is_absolute() else (self._home / path).resolve()

    @property
    def folder(self) -> Path:
        """Where the folders of the plans are."""
        return self.resolve(self.city.folder)

    @property
    def output(self) -> Path:
        """Where the summary goes."""
        return self.resolve(self.delivery.folder) / self.city.id

    def whole(self) -> Plan:
        """Return the city as one plan: what reads its files, and whose name stands on its summary."""
        identity: dict[str, Any] = dict(self.plan)
        shared = {name: getattr(self, name) for name in SHARED}
        identity |= {"id": self.city.id, "title": self.city.title, "area": self.city.title}
        return Plan.model_validate({"plan": identity, "inputs": self.inputs, **shared}).located(self._home)


def load_city(path: Path) -> City:
    """Read and validate the config of a city.

    Raises
    ------
    PlanFaults
        As ``load_plan``.
    """
    return load_config(path, City).located(path.resolve().parent)
