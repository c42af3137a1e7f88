"""Result layers of siting: centres and stations of the service networks, and who goes to which."""

from __future__ import annotations

from layers import codes
from layers import model as m
from layers.source import Placed


class NetworkSite(
    Placed, key="network_site", alias="中心站点布局", shape="point", onemap={"point": "HSQ_ZDXZ"}
):
    """A centre or station of a service network, with who it serves (3.2 “中心+站点”)."""

    network = m.text("服务网络", "FWWL", 30, required=True)
    role = m.text("层级", "CJ", 8, codes=codes.SITE_ROLE, required=True)
    origin = m.text("来源", "LY", 12, codes=codes.SITE_ORIGIN, required=True)
    object_id = m.text("关联编号", "GLBH", 40, required=True)
    name = m.text("名称", "MC", 100)
    room_m2 = m.number("可用面积", "KYMJ", 12, 2, unit="㎡", minimum=0)
    limit_m = m.number("站点服务距离", "FWJL", 8, 0, unit="m", required=True)
    homes = m.integer("站点服务住户点", "FWZH", 8, required=True)
    people = m.number("站点服务人群", "FWRK", 10, 0, unit="人")
    mean_m = m.number("平均步行距离", "PJJL", 10, 1, unit="m")
    capacity = m.number("服务能力", "FWNL", 12, 1, minimum=0)  # missing where unknown: counted as unlimited
    capacity_unit = m.text("能力单位", "NLDW", 10)
    load = m.number("占用能力", "ZYNL", 12, 1, minimum=0)  # what those it serves ask for by the standard
    spare = m.number("富余能力", "FYNL", 12, 1)
    basis = m.text("能力依据", "NLYJ", 160, required=True)
    centre = m.text("所属中心编号", "SSZX", 40)  # of a station: the centre fewest metres away
    centre_walk_m = m.number("至所属中心步行距离", "SSZXJL", 10, 1, unit="m")
    centre_people = m.number("中心服务人群", "ZXRK", 10, 0, unit="人")  # all who walk to the centre at all
    centre_mean_m = m.number("至中心平均步行距离", "ZXJL", 10, 1, unit="m")
    needs = m.text("关联需求编号", "XQBH", 100)
    model = m.text("选址模型", "XZMX", 60, required=True)
    method = m.text("选址理由", "XZLY", 254, required=True)


class SiteReach(Placed, key="site_reach", alias="站点服务住户点表"):
    """A home with people a network serves: the site it goes to, or why it goes to none."""

    network = m.text("服务网络", required=True)
    home = m.text("住户点编号", required=True)
    site = m.text("站点编号")  # 关联编号 of the site; missing where it is served by none
    metres = m.number("步行距离", unit="m")
    status = m.text("站点服务情况", codes=codes.SITE_REACH, required=True)
