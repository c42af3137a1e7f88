"""Who lives and owns where: population by building, rights, use and state of every building."""

from __future__ import annotations

import numpy as np
from frame import COUNTY, STREET, make_rng
from planted import MOVED

# Shares of residents aged >=60, 0-3 and 3-6, by community: the old town is old, the towers young.
AGES = {
    "清源社区": (0.262, 0.017, 0.024),
    "梧桐社区": (0.128, 0.038, 0.049),
    "桂苑社区": (0.318, 0.012, 0.018),
    "望江社区": (0.196, 0.026, 0.034),
}
M2_PER_HOME = {"slab": 88.0, "mid": 112.0, "tower": 118.0, "old": 120.0}
# Planted: buildings out of use. Those marked True are also in the resource ledger.
IDLE_BUILDINGS = {
    "新华商铺2栋": True,
    "桂苑农贸市场管理用房": True,
    "云溪宾馆主楼": True,
    "江湾商街1栋": True,
    "老粮库3号仓": True,
    "老粮库1号仓": False,
    "老粮库2号仓": False,
    "老粮库4号仓": False,
    "云溪机修厂一号车间": False,
    "云溪机修厂二号车间": False,
    "云溪机修厂铸造车间": False,
    "云溪机修厂办公楼": False,
    "云溪机修厂仓库": False,
    "云溪机修厂锅炉房": False,
    "西园商业街2栋": False,
    "云溪文化中心书吧": False,
    "老粮库过磅房": False,
}
OWNERS = {
    "商业": ("国有", f"{COUNTY}商贸国有资产公司"),
    "办公": ("国有", f"{COUNTY}国有资产管理中心"),
    "教育": ("国有", f"{COUNTY}教育局"),
    "医疗": ("国有", f"{COUNTY}卫生健康局"),
    "文化": ("国有", f"{COUNTY}文化旅游局"),
    "体育": ("国有", f"{COUNTY}体育中心"),
    "工业": ("国有", "云溪机修厂清算组"),
    "仓储": ("待核", "待核"),
    "市政": ("国有", f"{COUNTY}城市投资公司"),
    "交通": ("国有", f"{COUNTY}公共交通公司"),
    "社区服务": ("国有", f"{STREET}办事处"),
}


ELSEWHERE = (0.21, 0.024, 0.032)  # the same shares in the neighbouring communities


def settle(buildings: list[dict], *, topic: str = "people") -> None:
    """Fill households, residents by age, owner, use and state of every building, in place."""
    rng = make_rng(topic)
    for b in buildings:
        kind, use = b["parcel"]["kind"], b["use"]
        b["area"] = round(b["geometry"].area * b["floors"], 1)
        b["households"] = b["residents"] = b["old"] = b["infant"] = b["child"] = 0
        age = 2025 - b["year"]
        b["quality"] = str(rng.choice(["好", "一般", "差"], p=weigh(age)))
        b["state"] = "闲置" if b["name"] in IDLE_BUILDINGS else "在用"
        if use == "住宅":
            homes = b["area"] * (0.84 if kind != "old" else 0.7) / M2_PER_HOME[kind]
            b["households"] = max(1, round(homes))
            lived = rng.binomial(b["households"], 0.91 if kind != "old" else 0.8)
            size = 2.35 if kind in ("old", "slab") else 2.8
            b["residents"] = round(lived * size + rng.normal(0, 0.6)) if lived else 0
            b["residents"] = max(b["residents"], 0)
            n = b["residents"]
            shares = AGES.get(b["community"], ELSEWHERE)
            b["old"] = int(rng.binomial(n, shares[0]))
            b["infant"] = int(rng.binomial(n - b["old"], shares[1] / (1 - shares[0])))
            b["child"] = int(rng.binomial(n - b["old"], shares[2] / (1 - shares[0])))
            private = rng.random() < 0.94
            b["tenure"] = "私有" if private else "国有直管"
            b["owner"] = "多户共有" if kind != "old" else ("个人" if private else f"{COUNTY}房管中心")
            if kind == "old" and rng.random() < 0.04:
                b["tenure"], b["owner"] = "待核", "待核"
        else:
            b["tenure"], b["owner"] = OWNERS[use]
            if b["parcel"]["name"] == "江湾商街":
                b["tenure"], b["owner"] = "国有", f"{STREET}办事处"

    move_children(buildings)


def move_children(buildings: list[dict]) -> None:
    """Let the 3-6 year olds of some estates live in others of the community, by residents, in place."""
    for community, (left, joined) in MOVED.items():
        mine = [b for b in buildings if b["community"] == community and b["residents"]]
        away = [b for b in mine if b["parcel"]["name"] in left]
        here = [b for b in mine if b["parcel"]["name"] in joined]
        if not here:  # the neighbours' buildings are settled by the same function
            continue
        count = sum(b["child"] for b in away)
        ends = np.round(np.cumsum([b["residents"] for b in here]) / sum(b["residents"] for b in here) * count)
        for b in away:
            b["child"] = 0
        for b, more in zip(here, np.diff(ends, prepend=0), strict=True):
            b["child"] += int(more)


def weigh(age: int) -> np.ndarray:
    """Shares of good, fair and poor buildings by age."""
    if age < 15:
        p = [0.92, 0.08, 0.0]
    elif age < 30:
        p = [0.35, 0.6, 0.05]
    elif age < 45:
        p = [0.08, 0.7, 0.22]
    else:
        p = [0.1, 0.45, 0.45]
    return np.array(p)


def count_people(buildings: list[dict], community: str) -> tuple[int, int]:
    """Households and residents of one community."""
    mine = [b for b in buildings if b["community"] == community]
    return sum(b["households"] for b in mine), sum(b["residents"] for b in mine)
