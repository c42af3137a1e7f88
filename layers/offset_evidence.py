"""What the ground says of a file's coordinates, and the numbers behind it as a technician reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from configs import read_settings

State = Literal["as_is", "shifted", "suspect", "ground", "displaced", "unclear", "few", "no_ground"]
KINDS = ("point", "line", "polygon")

AS_IS = "as_is"
NAMES = {
    "gcj02": "GCJ-02（高德、腾讯）",
    "bd09": "BD-09（百度）",
    "utm": "UTM 投影",
    "gk": "高斯—克吕格投影",
}


@dataclass(frozen=True)
class Offset:
    """What the ground says of a file's coordinates.

    Attributes
    ----------
    state : ``as_is`` fits as read; ``shifted`` fits only under ``reading``; ``suspect`` the same without
        the margin; ``ground`` fits where the ground itself is shifted by ``reading``; ``displaced`` fits
        after a shift that is none of the known ones; ``unclear``; ``few`` features; ``no_ground``.
    reading : ``gcj02``, ``bd09``, ``utm``, ``gk`` or empty; of the ground where the state is ``ground``.
    east_m, north_m : how far the coordinates lie off, metres.
    sample : features looked at, of ``features`` in the file.
    strength : fit of each reading, 1 being what one in a hundred meaningless shifts reaches.
    threshold : strength a reading needs.
    trials : meaningless shifts compared with.
    median_m : median distance to the nearest road as read and under the reading; None without roads.
    gaps : how far the coordinates would lie off under each reading, metres east and north.
    """

    state: State
    reading: str = ""
    east_m: float = 0.0
    north_m: float = 0.0
    sample: int = 0
    features: int = 0
    strength: Mapping[str, float] = field(default_factory=dict)
    threshold: float = 0.0
    trials: int = 0
    median_m: tuple[float, float] | None = None
    gaps: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def offset_m(self) -> float:
        """Length of the offset, metres."""
        return float(np.hypot(self.east_m, self.north_m))

    @property
    def evidence(self) -> str:
        """The numbers behind the verdict, Chinese."""
        if self.state == "no_ground":
            return "没有可比对的规划范围或路网"
        least = decide_settings()["least"]
        if self.state == "few":
            few = "、".join(f"{name} {least[kind]}" for kind, name in zip(KINDS, "点线面", strict=True))
            return f"范围附近只有 {self.sample} 个要素，少于判断所需（{few}）"
        if not self.strength:
            return "数据与参照重叠太少，无法比对"
        named = {"ground": f"ground_{self.reading}", "displaced": "displaced"}.get(self.state, self.reading)
        named = named or AS_IS
        parts = [
            f"样本 {self.sample} 个要素" + (f"（共 {self.features}）" if self.features > self.sample else "")
        ]
        if self.state in {"shifted", "suspect", "ground", "displaced"}:
            parts.append(f"偏移 {self.offset_m:.0f} m（{tell_direction(self.east_m, self.north_m)}）")
        parts.append(f"原样吻合度 {self.strength[AS_IS]:.2f}")
        others = {name: value for name, value in self.strength.items() if name not in {AS_IS, named}}
        if named != AS_IS and named in self.strength:
            gain = self.strength[named] - self.strength[AS_IS]
            parts.append(f"还原后 {self.strength[named]:.2f}（提高 {gain:.2f}）")
        if others and self.state != "displaced":
            parts.append(f"其余读法至多 {max(others.values()):.2f}")
        if self.median_m is not None and named != AS_IS:
            parts.append(f"到最近道路的中位距离 {self.median_m[0]:.0f} → {self.median_m[1]:.0f} m")
        parts.append(f"1 为随机平移 {self.trials} 次的 99 分位，阈值 {self.threshold:.2f}")
        return "，".join(parts)


def decide_settings() -> Any:
    """Return the ``decide`` section of ``configs/coordinates.yaml``."""
    return read_settings("coordinates.yaml")["decide"]


def tell_direction(east_m: float, north_m: float) -> str:
    """Return an offset in words: ``东 472 m、南 382 m``."""
    across = f"{'东' if east_m >= 0 else '西'} {abs(east_m):.0f} m"
    return f"{across}、{'北' if north_m >= 0 else '南'} {abs(north_m):.0f} m"
