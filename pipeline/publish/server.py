"""A PostgreSQL server: its address without secrets, the connection, and what it refuses in our words.

A password never comes in the address, where shells, process lists and logs keep it: libpq takes it from PGPASSWORD or
the password file, and nothing of an address that might hold one is ever repeated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from layers.faults import Fault, PlanFaults
from pipeline.publish.sql import REFUSED, Statement

if TYPE_CHECKING:
    import psycopg

INSTALL = "pip install 'haoshequ[postgis]'"
EXAMPLE = "postgresql://用户@主机:5432/数据库"
_ADDRESS = re.compile(
    r"postgres(?:ql)?://(?:(?P<user>[^:/?#@\s]+)@)?(?P<hosts>[^/?#@\s]*)(?:/(?P<base>[^/?#@\s]*))?(?:\?(?P<query>[^#@\s]*))?"
)
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.%]+\]|[^\[\]:,]*)(?::\d+)?")
_SECRET = re.compile(r"passw|secret|token|key$", re.IGNORECASE)
_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_WAIT_S = 10
# What libpq and servers say when no connection comes about, by words of theirs.
_REASONS = (
    (r"database .* does not exist", "没有这个数据库"),
    (r"role .* does not exist", "没有这个数据库用户"),
    (r"no password supplied", "没有给出密码"),
    (r"authentication failed", "用户或密码不对"),
    (r"no pg_hba.conf entry", "服务器不允许该用户从本机连接"),
    (r"[Cc]onnection refused|No such file", "该地址没有数据库服务"),
    (r"translate host name|resolve", "主机名无法解析"),
    (r"timeout|timed out", "连接超时"),
    (r"too many", "连接数已满"),
    (r"SSL", "加密连接不成"),
)


def check_address(address: str) -> str:
    """Return what may be said of a database's address: host and database.

    Raises
    ------
    PlanFaults
        HSQ-P01 for an address that holds a password or is none; it is not repeated.
    """
    found = _ADDRESS.fullmatch(address)
    before = address.partition("://")[2].rpartition("@")[0]
    keys = [unquote(part.partition("=")[0]) for part in (found["query"] or "").split("&")] if found else []
    if ":" in before or any(_SECRET.search(key) for key in keys) or re.search(r"passw\w*\s*=", address, re.I):
        raise PlanFaults(
            [
                Fault(
                    "HSQ-P01", "数据库地址中不能有密码：地址会留在命令历史和进程列表里", field="URL",
                    action="没有连接",
                    remedy=f"地址写作 {EXAMPLE}；密码放在环境变量 PGPASSWORD，或 ~/.pgpass（Windows 为 %APPDATA%\\postgresql\\pgpass.conf）",
                )
            ]
        )  # fmt: skip
    if found is None or not all(_HOST.fullmatch(host) for host in found["hosts"].split(",")):
        raise PlanFaults(
            [
                Fault(
                    "HSQ-P01",
                    "不是 PostgreSQL 的地址",
                    field="URL",
                    action="没有连接",
                    remedy=f"写作 {EXAMPLE}",
                )
            ]
        )
    return f"{found['hosts'] or '本机'}/{unquote(found['base'] or '')}"


def check_schema(name: str) -> None:
    """Raise PlanFaults (HSQ-P03) unless ``name`` can be a schema of ours."""
    if not _SCHEMA.fullmatch(name) or name.startswith("pg_") or name in ("public", "information_schema"):
        raise PlanFaults(
            [
                Fault(
                    "HSQ-P03", f"“{name}”不能作模式名", field="--schema",
                    remedy="用小写字母、数字、下划线，以字母开头，不用 public 和 pg_ 开头的名称",
                )
            ]
        )  # fmt: skip


@contextmanager
def open_server(address: str) -> Iterator[psycopg.Connection]:
    """Open a connection that commits when the block ends well and changes nothing when it does not.

    Raises
    ------
    PlanFaults
        HSQ-P01 without psycopg, for a bad address or no connection; HSQ-P03, P04, P05 for what the server refuses.
    """
    place = check_address(address)
    try:
        import psycopg
    except ImportError as error:
        # The package may be there without the library it wraps; the remedy is the same.
        raise PlanFaults(
            [
                Fault(
                    "HSQ-P01",
                    "没有安装数据库连接组件 psycopg",
                    action="没有连接",
                    remedy=f"先安装：{INSTALL}；或用 --sql 写成脚本",
                )
            ]
        ) from error
    try:
        connection = psycopg.connect(address, **_defaults(address))
    except psycopg.Error as error:
        raise PlanFaults([_tell_connection(error, place)]) from None
    try:
        with connection:
            yield connection
    except psycopg.Error as error:
        raise PlanFaults([_tell_refusal(error, place)]) from None


def _defaults(address: str) -> dict[str, Any]:
    asked = "connect_timeout=" in address
    wait = {} if asked else {"connect_timeout": _WAIT_S}
    return {"application_name": "haoshequ", "client_encoding": "UTF8", **wait}


def run_statements(connection: psycopg.Connection, statements: Sequence[Statement]) -> None:
    """Run the statements in the connection's transaction."""
    with connection.cursor() as cursor:
        for statement in statements:
            if statement.rows is None:
                cursor.execute(statement.text.encode())
            else:
                with cursor.copy(statement.text.encode()) as copy:
                    copy.write(statement.rows)


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().partition("\n")[0][:200]


def _tell_connection(error: psycopg.Error, place: str) -> Fault:
    said = _first_line(error)
    return Fault(
        "HSQ-P01",
        f"无法连接 {place}" + next((f"：{told}" for words, told in _REASONS if re.search(words, said)), ""),
        value=said,
        action="没有改动数据库",
        remedy="核对主机、端口、数据库和用户；密码在 PGPASSWORD 或 ~/.pgpass 中；服务器是否允许从本机连接",
    )


def _tell_refusal(error: psycopg.Error, place: str) -> Fault:
    state, said = error.sqlstate or "", error.diag
    message = said.message_primary or _first_line(error)
    where: dict[str, Any] = {"layer": said.table_name or "", "field": said.column_name or ""}
    action = "已全部撤销，数据库没有改动"
    if state in REFUSED:
        return Fault(REFUSED[state], message, action=action, remedy=said.message_hint or "")
    code, remedy = "HSQ-P05", "核对服务器的磁盘、网络和日志后重新发布"
    if state == "42501":
        code, remedy = (
            "HSQ-P03",
            "请数据库管理员授予该用户建模式、建表的权限（首次还要由管理员执行 CREATE EXTENSION postgis）",
        )
    elif state in ("0A000", "58P01") and "postgis" in message:
        code, remedy = "HSQ-P03", "在数据库服务器上安装 PostGIS（如 apt install postgresql-15-postgis-3）"
    elif state in ("55P03", "40P01"):
        remedy = "另一个程序正占用这些表：等它发布完，或关闭其中未提交的编辑后重新发布"
    elif state == "2BP01":
        code, remedy = "HSQ-P03", "有自建的对象依赖本库的视图：先删除它们，发布后再建"
    return Fault(code, f"{place} 拒绝：{message}", value=state, action=action, remedy=remedy, **where)
