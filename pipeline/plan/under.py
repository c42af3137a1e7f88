"""What may lie under the drawings: a picture of the technician's own, or tiles of a web map."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from configs import read_settings
from pipeline.plan.base import Block
from pipeline.plan.kinds import FilePath, Text

OWN = "custom"
_PARTS = ("{x}", "{y}", "{z}")


class Provider(Block):
    """A web map: a row of ``configs/tiles.yaml``, or what the plan says of its own server."""

    name: Text
    url: str
    datum: Literal["wgs84", "cgcs2000", "gcj02"]
    attribution: Text
    key_env: str = ""
    max_zoom: int = 19
    clause: str = ""


def _check_numbers(value: list[str] | Literal["all"]) -> list[str] | Literal["all"]:
    numbers = [str(sheet["number"]) for sheet in read_settings("catalogue.yaml")["sheets"]]
    unknown = [] if value == "all" else [number for number in value if number not in numbers]
    if unknown:
        raise ValueError(f"没有这些图号：{'、'.join(unknown)}；用 haoshequ catalogue 查看全部图号")
    return value


Numbers = Annotated[list[str] | Literal["all"], AfterValidator(_check_numbers)]


class Under(Block):
    """How a picture lies under the drawings."""

    fade: float = Field(0.7, ge=0, le=1, description="底图淡化程度：0 为原样，1 为全白")
    grey: bool = Field(True, description="底图转为灰度，使专题颜色不与影像颜色混淆")
    on: Numbers = Field("all", description="哪些图号带底图，缺省 all 为全部")

    def shown_on(self, number: str) -> bool:
        """Whether a sheet shows it."""
        return self.on == "all" or number in self.on


class Base(Under):
    """A picture of the technician's own."""

    path: FilePath = Field(description="底图影像：GeoTIFF 或 MBTiles，任意坐标系；空值处透明")
    attribution: Text = Field(min_length=1, description="影像来源、时相等，印在每张带底图的图上")


class Tiles(Under):
    """Tiles of a web map: the only thing a run may fetch from the network, and only when asked."""

    provider: str = Field(
        description="在线底图：osm、tianditu_vec、tianditu_img、gaode_vec、gaode_img（见 configs/tiles.yaml），或 custom 即自有瓦片服务。"
        "天地图的密钥只从环境变量 TIANDITU_KEY 读取；高德为 GCJ-02 偏移坐标，须另设 shift_gcj02"
    )
    zoom: int | Literal["auto"] = Field("auto", description="瓦片级别；auto 按图幅比例尺选取")
    url: str = Field("", description="provider 为 custom 时的地址，含 {x}、{y}、{z}，需要密钥处写 {key}")
    datum: Literal["wgs84", "cgcs2000", "gcj02"] = Field(
        "cgcs2000", description="provider 为 custom 时的坐标基准"
    )
    attribution: Text = Field("", description="provider 为 custom 时的来源说明，印在图上")
    key_env: str = Field(
        "", pattern=r"^[A-Za-z_]*[A-Za-z0-9_]*$", description="provider 为 custom 时，存放密钥的环境变量名"
    )
    shift_gcj02: bool = Field(
        False, description="明知底图为 GCJ-02，仍近似还原后使用（还原误差可达数米，只供内部参考）"
    )

    @model_validator(mode="after")
    def _known(self) -> Tiles:
        known = list(read_settings("tiles.yaml")["providers"])
        if self.provider not in (*known, OWN):
            raise ValueError(f"provider 没有“{self.provider}”；可用 {'、'.join((*known, OWN))}")
        if self.provider == OWN:
            if not all(part in self.url for part in _PARTS) or not self.attribution:
                raise ValueError("provider 为 custom 时须给出含 {x}、{y}、{z} 的 url 和 attribution")
            if ("{key}" in self.url) != bool(self.key_env):
                raise ValueError("url 中的 {key} 与 key_env 须同时给出；密钥本身不得写在配置里")
        if self.zoom != "auto" and not 0 <= self.zoom <= 22:
            raise ValueError("zoom 应为 0–22 或 auto")
        if self.source.datum == "gcj02" and not self.shift_gcj02:
            raise ValueError(
                f"{self.source.name}为 GCJ-02 偏移坐标，与 CGCS2000 相差数百米，不作底图；改用天地图或 osm，或明知如此而设 shift_gcj02: true"
            )
        return self

    @property
    def source(self) -> Provider:
        """The web map asked for."""
        if self.provider == OWN:
            own: dict[str, Any] = {"url": self.url, "datum": self.datum, "key_env": self.key_env}
            return Provider(name="自有瓦片服务", attribution=self.attribution, max_zoom=22, **own)
        return Provider.model_validate(read_settings("tiles.yaml")["providers"][self.provider])
