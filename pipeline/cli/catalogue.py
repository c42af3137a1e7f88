"""``haoshequ catalogue``: the drawing list of ``configs/catalogue.yaml``."""

from __future__ import annotations


def catalogue() -> int:
    """List the drawings with number, group, title and when each is drawn."""
    from rich.console import Console
    from rich.table import Table

    from configs import read_settings

    table = Table(title="图纸目录")
    for name in ("图号", "类型", "图纸名称", "绘制条件"):
        table.add_column(name, overflow="fold")
    for sheet in read_settings("catalogue.yaml")["sheets"]:
        table.add_row(sheet["number"], sheet["group"], sheet["title"], sheet["when"])
    Console().print(table)
    return 0
