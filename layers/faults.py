"""The product's errors and the record of a single fault.

One root class; every fault has a stable code. A fault says what is wrong, where (file, layer, row,
value) and how to mend it; faults are gathered and raised together, never one at a time.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from layers.account import Account


@dataclass(frozen=True)
class Fault:
    """One thing wrong, mended or worth knowing.

    Attributes
    ----------
    code : stable code, ``HSQ-…``; the table of all codes is ``layers.faults.CODES``.
    problem : what is wrong, in Chinese, one sentence.
    severity : ``错误`` stops the plan, ``警告`` and ``提示`` are reported.
    file, layer, row, field, value : where; empty when it does not apply.
    action : what the program did about it.
    remedy : what the technician should do.
    x, y : place in the plan's CRS, metres, when it has one.
    ground : ground or line concerned, as WKB in hexadecimal digits in the plan's CRS: an overlap, a gap, a sliver.
    """

    code: str
    problem: str
    severity: str = "错误"
    file: str = ""
    layer: str = ""
    row: str = ""
    field: str = ""
    value: str = ""
    action: str = ""
    remedy: str = ""
    x: float | None = None
    y: float | None = None
    ground: str = ""

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ValueError(f"undeclared fault code {self.code!r}")

    def as_dict(self) -> dict[str, object]:
        """Return the fields as a plain dict."""
        return dict(vars(self))


CODES: dict[str, str] = {
    # plan config
    "HSQ-C01": "配置文件不存在或无法读取",
    "HSQ-C02": "配置文件不是合法的 YAML",
    "HSQ-C03": "配置项缺失、多余或取值不对",
    "HSQ-C04": "输出文件名模式有误",
    # files
    "HSQ-F01": "文件不存在",
    "HSQ-F02": "文件无法打开或已损坏",
    "HSQ-F03": "图层或工作表不存在",
    "HSQ-F04": "不支持的文件格式",
    "HSQ-F05": "文字编码",
    "HSQ-F06": "配套文件缺失",
    "HSQ-F07": "扩展名与内容不符",
    "HSQ-F08": "文件含有不安全的内容",
    # columns and values
    "HSQ-V01": "缺少必需的列",
    "HSQ-V02": "必填值为空",
    "HSQ-V03": "应为数字的值不是数字",
    "HSQ-V04": "数值超出范围",
    "HSQ-V05": "取值不在代码表内",
    "HSQ-V06": "编号重复",
    "HSQ-V07": "用地代码与名称",
    "HSQ-V08": "设施类型无法识别",
    "HSQ-V09": "跳过的行",
    "HSQ-V10": "关联键无法对应",
    "HSQ-V11": "日期或年份无法读取",
    "HSQ-V12": "编号残缺",
    # coordinates
    "HSQ-X01": "坐标系缺失或无法识别",
    "HSQ-X02": "坐标系与坐标值不符",
    "HSQ-X03": "坐标转换",
    "HSQ-X04": "要素位于规划与研究范围之外",
    "HSQ-X05": "偏移坐标系（GCJ-02/BD-09）",
    # geometry
    "HSQ-G01": "几何为空",
    "HSQ-G02": "几何自相交或无效",
    "HSQ-G03": "几何类型不符",
    "HSQ-G04": "重复要素",
    "HSQ-G05": "图斑重叠或缝隙",
    "HSQ-G06": "面积不为正",
    "HSQ-G07": "未闭合或成员缺失的边界",
    "HSQ-G08": "尖锐角",
    "HSQ-G09": "狭长或细碎图斑",
    "HSQ-G10": "重复节点",
    "HSQ-G11": "坐标值无效",
    "HSQ-G12": "线要素退化或自身重叠",
    "HSQ-G13": "跨界图斑与面积平差",
    # analysis
    "HSQ-N01": "网络接入",
    "HSQ-N02": "网络质量",
    "HSQ-N03": "研究范围截断",
    "HSQ-N04": "未测绘或测绘完整度低",
    "HSQ-A01": "用地未覆盖范围",
    "HSQ-A02": "标准条文待核",
    "HSQ-A03": "资源或需求缺少位置",
    "HSQ-A04": "资金关系",
    "HSQ-A05": "分析数据缺失",
    "HSQ-A06": "社区名称与代码",
    "HSQ-A07": "项目冲突",
    "HSQ-A08": "设施覆盖盲区",
    "HSQ-A09": "中心与站点布局",
    "HSQ-A10": "编制程序与附件",
    "HSQ-A11": "调查与测算不一致",
    "HSQ-A12": "资源识别与确认",
    "HSQ-A13": "匹配与资源清单",
    "HSQ-A14": "项目投资与实施计划",
    "HSQ-A15": "总体布局",
    "HSQ-A16": "人工决策",
    # delivery
    "HSQ-D01": "图纸未绘制",
    "HSQ-D02": "文字截断",
    "HSQ-D03": "字体缺字",
    "HSQ-D04": "标注未能放置",
    "HSQ-D05": "成果文件写入失败",
    "HSQ-D06": "成果核对不一致",
    "HSQ-D07": "图面自检不符",
    "HSQ-D08": "公示版处理",
    "HSQ-D09": "底图未能取得",
    # running
    "HSQ-R01": "方案正在运行",
    # publication of hand-ins, and many plans side by side
    "HSQ-P01": "数据库无法连接",
    "HSQ-P02": "成果缺失或与清单不一致",
    "HSQ-P03": "数据库结构或版本",
    "HSQ-P04": "与数据库中的其他方案冲突",
    "HSQ-P05": "数据库没有接受写入",
    "HSQ-P06": "方案之间的范围重叠",
    "HSQ-P07": "相邻方案之间的缝隙",
    "HSQ-P08": "标识码重复",
    "HSQ-P09": "同一对象列入多个方案",
    "HSQ-P10": "各方案坐标系不同",
}


_WRITE_REASONS = {
    errno.EACCES: "没有写入权限，或文件正被其他程序使用",
    errno.EPERM: "没有写入权限",
    errno.EROFS: "所在磁盘只读",
    errno.ENOSPC: "磁盘空间不足",
    errno.ENOTDIR: "上级路径是文件，不是文件夹",
    errno.EEXIST: "同名文件占用了该文件夹的位置",
    errno.ENAMETOOLONG: "路径太长",
    errno.ENOENT: "路径无法建立",
}


def refuse_write(error: OSError, path: Path, *, action: str = "没有写出新成果，原有成果保持不变") -> Fault:
    """Say what keeps a file or folder from being written: no right, no room, something in its place."""
    reason = _WRITE_REASONS.get(error.errno or 0) or "磁盘或网络位置出错"
    return Fault(
        "HSQ-D05",
        f"结果无法写入：{reason}",
        file=str(error.filename or path),
        field="delivery.folder",
        action=action,
        remedy="关闭占用该文件的程序，检查磁盘空间和写入权限，或在配置的 delivery.folder 中换一个文件夹",
    )


class HaoshequError(Exception):
    """Root of every error this product raises on purpose."""


class PlanFaults(HaoshequError):
    """Raised when a plan's inputs or config cannot be used; carries every fault found.

    Attributes
    ----------
    faults : errors first.
    report : the quality report that lists them; None where none could be written.
    log : what the stage that failed had gathered before; None outside of a stage.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        self.report: Path | None = None
        self.log: FaultLog | None = None
        super().__init__("；".join(f"[{f.code}] {f.problem}" for f in self.faults[:5]))


class FaultLog:
    """Gathers faults while a function works; the caller decides when to raise.

    Attributes
    ----------
    faults : in the order they were found.
    accounts : where the rows of each file went (``layers.account.Account``), in the order files were read.
    crs : CRS of the places, as soon as it is known; a report of a plan that cannot run needs it too.
    """

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.accounts: list[Account] = []
        self.crs: object = None

    def add(self, code: str, problem: str, **more: object) -> None:
        """Record a fault; keywords are the fields of ``Fault``."""
        self.faults.append(Fault(code, problem, **more))  # type: ignore[arg-type]

    @property
    def errors(self) -> list[Fault]:
        """Faults that stop the plan."""
        return [fault for fault in self.faults if fault.severity == "错误"]

    def raise_errors(self) -> None:
        """Raise all faults at once if any of them is an error.

        Raises
        ------
        PlanFaults
            With every fault gathered, warnings included, errors first.
        """
        if self.errors:
            rest = [fault for fault in self.faults if fault.severity != "错误"]
            raise PlanFaults([*self.errors, *rest])
