"""The Typer application: commands, Chinese usage errors, exit codes 0 done, 1 plan faults, 2 usage."""

from __future__ import annotations

import re
import sys
from typing import Any

import typer

from pipeline.cli import (
    access,
    area,
    audit,
    batch,
    catalogue,
    check,
    convert,
    explain,
    init,
    inspect,
    onemap,
    plan,
    publish,
    reach,
    review,
    run,
    site,
    stages,
)
from pipeline.cli.helptext import Command, Group
from pipeline.collector import spare_collector

DONE, FAULTS, USAGE, INTERRUPTED = 0, 1, 2, 130

app = typer.Typer(
    cls=Group,
    name="haoshequ",
    help="好社区更新实施方案：从技术员手里的文件到完整的空间成果。",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("init", cls=Command, help=init.HELP)(init.init)
app.command("inspect", cls=Command, help=inspect.HELP)(inspect.inspect)
app.command("convert", cls=Command, help=convert.HELP)(convert.convert)
app.command("check", cls=Command, help="读取并检查全部输入，只写质检报告")(check.check)
app.command("plan", cls=Command, help=plan.HELP)(plan.plan)
app.command("run", cls=Command, help="运行方案，输出整套成果")(run.run)
app.command("batch", cls=Command, help=batch.HELP)(batch.batch)
app.command("audit", cls=Command, help=audit.HELP)(audit.audit)
app.command("review", cls=Command, help=review.HELP)(review.review)
app.command("explain", cls=Command, help=explain.HELP)(explain.explain)
app.command("publish", cls=Command, help=publish.HELP)(publish.publish)
app.command("onemap", cls=Command, help=onemap.HELP)(onemap.onemap)
app.command("stages", cls=Command, help="列出各阶段及其输入输出")(stages.stages)
app.command("catalogue", cls=Command, help="列出图纸目录")(catalogue.catalogue)
app.command("reach", cls=Command, help=reach.HELP)(reach.reach)
app.command("area", cls=Command, help=area.HELP)(area.area)
app.command("access", cls=Command, help=access.HELP)(access.access)
app.command("site", cls=Command, help=site.HELP)(site.site)


# Typer carries its own copy of click in newer versions; its exported class leads to the right family.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]


# What typer's checks of values say.
_MESSAGES = (
    (r"^Input should be greater than or equal to (\S+)$", r"应不小于 \1"),
    (r"^Input should be less than or equal to (\S+)$", r"应不大于 \1"),
    (r"^Input should be a valid (number|integer).*$", "应为数字"),
    (r"^Value error, '(.*)' does not match the formats? '%Y-%m-%d'\.$", r"“\1”不是日期，应写成 2026-11-23"),
    (r"^Value error, '(.*)' is not one of (.*)\.$", r"没有“\1”，可用 \2"),
)


def _explain(error: Any) -> str:
    """Say a usage error in Chinese, with the nearest word the user may have meant."""
    import difflib

    kind = type(error).__name__
    if kind == "NoSuchOption":
        near = difflib.get_close_matches(error.option_name, error.possibilities or [], n=1)
        return f"没有选项 {error.option_name}" + (f"，是否想用 {near[0]}？" if near else "")
    param = getattr(error, "param", None)
    # An option is known by its long form, an argument by the word in the usage line.
    long = [word for word in getattr(param, "opts", ()) if word.startswith("--")]
    name = long[0] if long else getattr(param, "metavar", None) or getattr(param, "human_readable_name", "")
    if kind == "MissingParameter":
        return f"缺少参数 {name}"
    if kind == "BadParameter":
        message = str(error.message)
        for pattern, chinese in _MESSAGES:
            message = re.sub(pattern, chinese, message)
        message = message.replace("', '", "、").replace("可用 '", "可用 ").removesuffix("'")
        return f"参数 {name} 的值不对：{message}" if name else message
    if kind == "BadOptionUsage":
        return f"选项 {error.option_name} 缺少取值"
    words = [arg for arg in sys.argv[1:] if not arg.startswith("-")]
    names = [command.name or "" for command in app.registered_commands]
    if words and words[0] not in names:
        near = difflib.get_close_matches(words[0], names, n=1)
        return f"没有命令 {words[0]}" + (f"，是否想用 {near[0]}？" if near else "")
    if words and error.message.startswith("Got unexpected"):
        return f"多余的参数：{error.message.split('(')[-1].rstrip(')')}"
    return error.message


def main() -> None:
    """Run the command line and exit with its code."""
    from rich.console import Console

    spare_collector()
    try:
        code = app(standalone_mode=False)
    except UsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # the help is printed already
            sys.exit(USAGE)
        console = Console(stderr=True)
        console.print(f"[bold red]用法有误[/]：{_explain(error)}", highlight=False)
        console.print("查看用法：haoshequ --help，或 haoshequ 命令 --help", highlight=False)
        sys.exit(USAGE)
    except (typer.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    if code == INTERRUPTED:  # Typer turns Ctrl-C into this code without a word
        Console(stderr=True).print("已中断；上一次的成果未改动，重新运行即可。")
    sys.exit(code if isinstance(code, int) else DONE)
