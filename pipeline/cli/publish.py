"""``haoshequ publish``: a plan's hand-in into a PostGIS database, or a script that does it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import PlanFile

HELP = """把方案的成果发布到 PostGIS 数据库，或写成 psql 脚本

发布的是已交付的“成果”：先逐个文件核对 manifest.json，有缺失或改动即停止。
自动建立或升级模式（表、字段、代码表、空间索引、汇总视图）；同一方案的旧数据被替换，
其他方案不动；全部成功才生效，中途失败则数据库不变。几何统一为 EPSG:4490，面积、长度按成果原值。
密码取自环境变量 PGPASSWORD 或 ~/.pgpass，不能写在地址里。
需要数据库连接组件：pip install 'haoshequ[postgis]'（只写脚本则不需要）。

退出码：0 完成；1 没有发布，原因见屏幕；2 用法有误。

例：haoshequ publish configs/sample.yaml --to postgresql://gis@192.168.1.10/yitu
例：haoshequ publish configs/sample.yaml --sql 发布.sql
"""
DEFAULT_SCHEMA = "haoshequ"


def publish(
    plan_file: PlanFile,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="URL", help="数据库地址 postgresql://用户@主机:端口/数据库，不含密码"),
    ] = None,
    sql: Annotated[
        Path | None, typer.Option("--sql", metavar="FILE", help="不连接数据库，写成 psql 可载入的脚本")
    ] = None,
    schema: Annotated[str, typer.Option(metavar="NAME", help="数据库中的模式")] = DEFAULT_SCHEMA,
) -> int:
    """Publish a plan; exit 0 when done, 1 when nothing was published."""
    if (to is None) == (sql is None):
        raise typer.BadParameter("--to 与 --sql 给出一个")
    from rich.console import Console

    from layers.faults import FaultLog, PlanFaults
    from pipeline.cli.faultlist import print_faults
    from pipeline.cli.output import check_output
    from pipeline.plan import load_plan

    console = Console()

    def say(text: str, style: str | None = None) -> None:
        console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)

    try:
        from pipeline.publish.server import check_address, check_schema

        # Before anything else: an address that holds a password goes nowhere.
        place = check_address(to) if to is not None else ""
        check_schema(schema)
        if sql is not None:
            log = FaultLog()
            check_output(sql, (".sql",), log, option="--sql")
            log.raise_errors()
        plan = load_plan(plan_file)
        from pipeline.publish.handin import read_handin

        handin = read_handin(plan.output, plan_id=plan.plan.id)
        facts = handin.facts
        count = sum(len(layer.frame) for layer in handin.layers)
        told = f"{len(handin.layers)} 个图层、{count} 个要素、{len(handin.projects)} 个项目"
        if sql is not None:
            from pipeline.publish.load import make_statements
            from pipeline.publish.script import write_script

            write_script(make_statements(handin, schema), facts, sql)
            say(f"{facts.title}（{facts.id}，编制日期 {facts.compiled}）：{told}")
            say(f"已写出：{sql}")
            say(f"载入：psql -d 数据库 -f {sql}")
            return 0
        from pipeline.publish.publication import publish_handin

        assert to is not None
        done = publish_handin(handin, to, schema=schema)
    except PlanFaults as error:
        print_faults(console, error.faults, report=False)
        say("没有发布。", "bold red")
        return 1
    if done.grown:
        say(f"模式 {schema} 已建立或升级：{done.grown} 列")
    earlier = f"，替换了编制日期 {done.replaced} 的一版" if done.replaced else ""
    say(f"{facts.title}（{facts.id}，编制日期 {facts.compiled}）：{told}{earlier}")
    say(f"已发布到 {place} 的模式 {schema}；库中现有 {done.plans} 个方案", "bold green")
    return 0
