"""Publication against a real PostgreSQL with PostGIS."""

from __future__ import annotations

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import numpy as np
import psycopg
import pytest
import shapely

from layers.crs import move_shapes
from layers.faults import PlanFaults
from layers.model import CodeList, Field
from pipeline.publish.handin import read_handin
from pipeline.publish.load import make_statements
from pipeline.publish.publication import publish_handin
from pipeline.publish.script import write_script
from pipeline.publish.server import open_server, run_statements
from pipeline.publish.sql import Statement
from pipeline.publish.tables import Table, list_tables, make_column
from tests.postgres import OWNER, READER, SECRET, find_program
from tests.publish.conftest import at, write_config


def ask(url, query):
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def look(url):
    """Everything in the database that a publication may change: columns, and rows as numbers and hashes."""
    columns = ask(
        url,
        "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns WHERE table_schema = 'haoshequ' ORDER BY 1, 2",
    )
    tables = [
        name
        for (name,) in ask(
            url,
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'haoshequ' AND table_type = 'BASE TABLE' ORDER BY 1",
        )
    ]
    hashes = " UNION ALL ".join(
        f"SELECT '{name}', count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM haoshequ.\"{name}\" t"
        for name in tables
    )
    return columns, {name: (count, md5) for name, count, md5 in ask(url, hashes)}


def dump(url):
    """The database as pg_dump has it, without what tells one moment or run from another."""
    program = find_program("pg_dump")
    done = subprocess.run(
        [program, "-n", "haoshequ", "--no-owner", url],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": ""},
    )
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?\+00", "MOMENT", done.stdout)
    return [line for line in text.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]


def test_everything_handed_in_is_there_with_its_types(make_handin, base):
    handin = read_handin(make_handin("东", facilities=[("甲食堂", "东社区", at(10, 10))]))
    done = publish_handin(handin, base)
    assert (done.replaced, done.plans) == (None, 1)
    assert done.grown > 500
    for layer in handin.layers:
        names = [c.spec.onemap.lower() for c in layer.columns]
        cells = ", ".join(
            f"{name}::float8" if c.spec.kind == "float" else name
            for name, c in zip(names, layer.columns, strict=True)
        )
        rows = ask(base, f"SELECT {cells} FROM haoshequ.{layer.code.lower()} ORDER BY bsm")
        frame = layer.frame.drop(columns="geometry").astype(object)
        assert rows == [tuple(row) for row in frame.where(frame.notna(), None).itertuples(index=False)]
        shapes = ask(
            base, f"SELECT ST_AsBinary(geom), ST_SRID(geom) FROM haoshequ.{layer.code.lower()} ORDER BY bsm"
        )
        assert {srid for _, srid in shapes} <= {4490}
        for (wkb, _), shape in zip(shapes, layer.frame.geometry, strict=True):
            metric = move_shapes(np.array([shapely.from_wkb(wkb)]), 4490, 4548)[0]
            assert shapely.hausdorff_distance(metric, shape) < 1e-6
    # Texts longer than a DBF holds arrive whole, and so do tabs, quotes and backslashes.
    assert ask(base, "SELECT xqms FROM haoshequ.hsq_xqfb") == [("缺食堂" * 60,)]
    assert ask(base, "SELECT xqms, jsnr, tze FROM haoshequ.hsq_xmfbd")[0][:2] == (
        "老人\t吃饭\\难",
        "建'社区'食堂\n一处",
    )
    types = list_types(base, "hsq_xmfbd")
    assert types["bsm"] == "character varying(18)" and types["tze"] == "numeric(13,4)"
    assert types["ppdj"] == "smallint" and types["geom"] == "geometry(MultiPoint,4490)"
    assert ask(
        base,
        "SELECT col_description('haoshequ.hsq_xmfbd'::regclass, attnum) FROM pg_attribute WHERE attrelid = 'haoshequ.hsq_xmfbd'::regclass AND attname = 'tze'",
    ) == [("项目总投资；单位 万元",)]
    assert ask(
        base, "SELECT indexdef LIKE '%gist (geom)' FROM pg_indexes WHERE indexname = 'hsq_xmfbd_geom'"
    ) == [(True,)]
    with pytest.raises(psycopg.errors.ForeignKeyViolation), psycopg.connect(base) as connection:
        connection.execute("UPDATE haoshequ.hsq_xmfbd SET gxfs = '翻新'")
    with pytest.raises(psycopg.errors.NotNullViolation), psycopg.connect(base) as connection:
        connection.execute("UPDATE haoshequ.hsq_xmfbd SET xmmc = NULL")


def test_views_sum_up_plans_and_communities(west, full):
    publish_handin(west, full)
    names = "plan_id, communities, population, renewal_m2, projects, mapped_projects, total_wan, fiscal_wan, social_wan, open_wan, needs, urgent_needs, gaps_missing, gaps_short"
    rows = ask(full, f"SELECT {names} FROM haoshequ.v_plan_summary ORDER BY plan_id")
    # 项目库 holds money to 0.01; the project without a place counts as well.
    numbers = ["1", "500", "10000.00", "2", "1", "13.85", "11.50", "2.35", "1.00", "1", "1", "1", "0"]
    assert [[str(cell) for cell in row] for row in rows] == [[name, *numbers] for name in ("东", "西")]
    towns = ask(
        full,
        "SELECT plan_id, community, projects, total_wan::text, mapped_projects, gaps_missing FROM haoshequ.v_community_summary",
    )
    assert towns == [("东", "东社区", 2, "13.85", 1, 1), ("西", "西社区", 2, "13.85", 1, 1)]
    assert ask(full, "SELECT plan_id, kind, xmbh FROM haoshequ.v_xmfb_all ORDER BY 1") == [
        ("东", "点", "A01"),
        ("西", "点", "A01"),
    ]
    assert (
        ask(full, "SELECT ST_SRID(geom), GeometryType(geom) FROM haoshequ.v_xqfb_all")
        == [(4490, "MULTIPOINT")] * 2
    )


def test_a_plan_replaces_itself_and_leaves_the_others(make_handin, east, west, full):
    publish_handin(west, full)
    before = look(full)[1]
    second = read_handin(make_handin("东", plan={"compiled": "2026-09-01"}, width=80.0))
    done = publish_handin(second, full)
    assert (str(done.replaced), done.grown, done.plans) == ("2026-03-05", 0, 2)
    assert ask(full, "SELECT plan_id, mj::int FROM haoshequ.hsq_sqbj ORDER BY 1") == [
        ("东", 8000),
        ("西", 10000),
    ]
    loads = ask(
        full,
        "SELECT plan_id, compiled::text, manifest_sha256, database_sha256, program FROM haoshequ.load ORDER BY load_id",
    )
    assert loads[0][2:4] == (east.facts.manifest_sha256, east.facts.database_sha256)
    assert [row[:2] for row in loads] == [("东", "2026-03-05"), ("西", "2026-03-05"), ("东", "2026-09-01")]
    assert ask(full, "SELECT manifest_sha256 FROM haoshequ.plan WHERE plan_id = '东'") == [
        (second.facts.manifest_sha256,)
    ]
    after = look(full)[1]
    assert after["migration"] == before["migration"]
    assert {name: after[name][0] for name in after if name != "load"} == {
        name: before[name][0] for name in before if name != "load"
    }
    # A plan is withdrawn by one row, and the other has the base to itself.
    with psycopg.connect(full) as connection:
        connection.execute("DELETE FROM haoshequ.plan WHERE plan_id = '东'")
    rest = look(full)[1]
    assert rest["bsm"][0] == sum(len(layer.frame) for layer in west.layers)
    assert [rest[layer.code.lower()][0] for layer in west.layers] == [
        len(layer.frame) for layer in west.layers
    ]
    again = publish_handin(second, full)
    assert (again.replaced, again.plans) == (None, 2), "what was withdrawn is not there to be replaced"


def test_a_script_does_exactly_the_same(east, west, server, base, full, tmp_path):
    publish_handin(west, full)
    for handin in (east, west):
        path = tmp_path / f"{handin.facts.id}.sql"
        write_script(make_statements(handin), handin.facts, path)
        once = path.read_bytes()
        write_script(make_statements(read_handin(handin.folder)), handin.facts, path)
        assert path.read_bytes() == once
        done = load_script(path, base)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert dump(base) == dump(full)
    assert len(dump(base)) > 3000


def load_script(path, url):
    words = [find_program("psql"), "-X", "-d", url, "-f", path]
    return subprocess.run(words, capture_output=True, text=True, env={"PATH": "", "LC_ALL": "C"})


def test_a_script_that_fails_changes_nothing(east, base, tmp_path):
    path = tmp_path / "a.sql"
    write_script([*make_statements(east), Statement("SELECT 1/0")], east.facts, path)
    done = load_script(path, base)
    assert done.returncode == 3 and "division by zero" in done.stderr
    assert ask(base, "SELECT count(*) FROM pg_namespace WHERE nspname = 'haoshequ'") == [(0,)]


def test_a_failure_anywhere_in_the_middle_changes_nothing(make_handin, full):
    before = look(full)
    handin = read_handin(make_handin("东", plan={"compiled": "2026-09-01"}, width=80.0))
    statements = make_statements(extend(handin), tables=grow(list_tables()))
    for place in (0, 8, 12, 20, len(statements)):
        broken = [*statements[:place], Statement("SELECT 1/0"), *statements[place:]]
        with pytest.raises(PlanFaults, match="division by zero") as caught, open_server(full) as connection:
            run_statements(connection, broken)
        assert [(f.code, f.action) for f in caught.value.faults] == [
            ("HSQ-P05", "已全部撤销，数据库没有改动")
        ]
        assert look(full) == before
    with open_server(full) as connection:
        run_statements(connection, statements)
    assert look(full) != before


def test_a_connection_that_is_lost_changes_nothing(east, server, base):
    statements = make_statements(east)
    with pytest.raises(PlanFaults) as caught, open_server(base) as connection:
        run_statements(connection, statements[:15])
        server.ask("postgres", f"SELECT pg_terminate_backend({connection.info.backend_pid})")
        run_statements(connection, statements[15:])
    assert caught.value.faults[0].code == "HSQ-P05"
    assert ask(base, "SELECT count(*) FROM pg_namespace WHERE nspname = 'haoshequ'") == [(0,)]


def test_four_publishers_at_once(east, west, base, tmp_path):
    """Two connections and two psql publish two plans, again and again, into a database that has not even the schema."""
    paths = []
    for handin in (east, west):
        path = tmp_path / f"{handin.facts.id}.sql"
        write_script(make_statements(handin), handin.facts, path)
        paths.append(path)
    begin = Barrier(4, timeout=60)

    def publish(handin):
        begin.wait()
        return [publish_handin(handin, base).plans for _ in range(3)]

    def load(path):
        begin.wait()
        return [load_script(path, base).stderr for _ in range(3)]

    with ThreadPoolExecutor(4) as pool:
        connected = [pool.submit(publish, handin) for handin in (east, west)]
        loaded = [pool.submit(load, path) for path in paths]
        assert all(count in (1, 2) for job in connected for count in job.result())
        assert [job.result() for job in loaded] == [["", "", ""]] * 2
    assert ask(base, "SELECT plan_id, count(*) FROM haoshequ.load GROUP BY 1 ORDER BY 1") == [
        ("东", 6),
        ("西", 6),
    ]
    assert ask(base, "SELECT load_id FROM haoshequ.load ORDER BY 1") == [(n,) for n in range(1, 13)]
    assert ask(base, "SELECT count(*) FROM haoshequ.migration") == [(1,)]
    assert ask(base, "SELECT plan_id, projects FROM haoshequ.v_plan_summary ORDER BY 1") == [
        ("东", 2),
        ("西", 2),
    ]
    rows = look(base)[1]
    for layer, other in zip(east.layers, west.layers, strict=True):
        assert rows[layer.code.lower()][0] == len(layer.frame) + len(other.frame)


def test_identity_codes_of_another_plan_are_refused(make_handin, east, full):
    before = look(full)
    block = east.facts.plan_block
    with pytest.raises(PlanFaults) as caught:
        publish_handin(
            read_handin(make_handin("西", 100.0, plan={"plan_block": block}, community="西社区")), full
        )
    (fault,) = caught.value.faults
    assert fault.code == "HSQ-P04"
    assert fault.problem == f"有 5 个标识码与方案“东”（东方案）的相同，如 3699812026{block:03d}00001"
    assert "plan_block" in fault.remedy
    assert look(full) == before


def test_another_plan_of_the_same_id_is_refused(make_handin, east, full):
    before = look(full)
    with pytest.raises(PlanFaults) as caught:
        publish_handin(read_handin(make_handin("东", plan={"plan_block": 6})), full)
    (fault,) = caught.value.faults
    assert fault.code == "HSQ-P04"
    assert f"库中 369981 第 {east.facts.plan_block} 块，本方案 369981 第 6 块" in fault.problem
    assert look(full) == before


def grow(tables: tuple[Table, ...]) -> tuple[Table, ...]:
    """The tables of a later version: a wider and a new column, another code, another layer."""
    made = []
    for table in tables:
        columns = []
        for column in table.columns:
            if table.code == "HSQ_XMFBD" and column.spec.onemap == "TZE":
                column = replace(column, size=15)
            if column.codes is not None and column.codes.name == "更新方式":
                codes = CodeList("更新方式", (*column.codes.values, "修缮"))
                column = replace(column, codes=codes, spec=replace_spec(column.spec, codes=codes))
            columns.append(column)
        if table.code == "HSQ_XMFBD":
            extra = Field("碳排放", "float", "TPF", 12, 3, unit="t")
            extra.__set_name__(object, "carbon_t")
            columns.append(replace(make_column(extra.column), required=True))
        made.append(replace(table, columns=tuple(columns)))
    like = next(table for table in made if table.code == "HSQ_SSD")
    return (*made, replace(like, name="hsq_new", code="HSQ_NEW", title="新图层"))


def extend(handin):
    """The hand-in as that version would make it."""
    more = {"TPF": [1.234], "GXFS": ["修缮"]}
    layers = [
        replace(layer, frame=layer.frame.assign(**more)) if layer.code == "HSQ_XMFBD" else layer
        for layer in handin.layers
    ]
    return replace(handin, layers=tuple(layers))


def replace_spec(spec, **changes):
    """A spec with changes; ``Field`` cannot be replaced as its column is set by the class body."""
    values = {name: getattr(spec, name) for name in type(spec).__dataclass_fields__ if name != "column"}
    made = Field(**{**values, **changes})
    made.__set_name__(object, "x")
    return made


def test_a_schema_grows_with_the_declarations(east, west, full):
    done = publish_handin(extend(west), full, tables=grow(list_tables()))
    found = look(full)[0]
    assert (done.grown, done.plans) == (1 + sum(table == "hsq_new" for table, *_ in found), 2)
    assert ask(full, "SELECT plan_id, tpf::text, gxfs FROM haoshequ.hsq_xmfbd ORDER BY 1") == [
        ("东", None, "新建"),
        ("西", "1.234", "修缮"),
    ]
    types = list_types(full, "hsq_xmfbd")
    assert (types["tze"], types["tpf"]) == ("numeric(15,4)", "numeric(11,3)")
    ((changes,),) = ask(full, "SELECT changes FROM haoshequ.migration ORDER BY version DESC LIMIT 1")
    assert "hsq_xmfbd.tpf" in changes and "hsq_new.geom" in changes
    # The older program can still publish, the views still stand, and nothing goes back.
    publish_handin(east, full)
    assert ask(full, "SELECT plan_id FROM haoshequ.v_xmfb_all ORDER BY 1") == [("东",), ("西",)]
    assert ask(full, "SELECT count(*) FROM haoshequ.migration") == [(2,)]
    assert list_types(full, "hsq_xmfbd") == types


def list_types(url, table):
    query = f"SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'haoshequ.{table}'::regclass AND attnum > 0"
    return dict(ask(url, query))


def test_a_newer_database_is_left_alone(east, full):
    with psycopg.connect(full) as connection:
        connection.execute("UPDATE haoshequ.migration SET format = 99")
    before = look(full)
    with pytest.raises(PlanFaults, match="更新版本的程序") as caught:
        publish_handin(east, full)
    assert caught.value.faults[0].code == "HSQ-P03"
    assert look(full) == before


def test_a_table_held_by_another_program_is_told(east, full, monkeypatch):
    monkeypatch.setattr("pipeline.publish.schema.LOCK_TIMEOUT", "300ms")
    with psycopg.connect(full) as other:
        other.execute("LOCK TABLE haoshequ.hsq_sqbj")
        with pytest.raises(PlanFaults) as caught:
            publish_handin(east, full)
    assert caught.value.faults[0].code == "HSQ-P05" and "未提交的编辑" in caught.value.faults[0].remedy


def test_who_may_only_write_rows_can_publish_once_the_schema_is_there(server, east, full, monkeypatch):
    if not server.private:
        pytest.skip("SKIPPED: a server of somebody else has no role of ours")
    with psycopg.connect(full) as connection:
        connection.execute(f"GRANT USAGE ON SCHEMA haoshequ TO {READER}")
        connection.execute(f"GRANT SELECT, INSERT, DELETE ON ALL TABLES IN SCHEMA haoshequ TO {READER}")
    monkeypatch.setenv("PGPASSWORD", SECRET)
    assert publish_handin(east, server.url(server.name(full), user=READER)).grown == 0
    assert ask(full, "SELECT loaded_by FROM haoshequ.load ORDER BY load_id") == [(OWNER,), (READER,)]


def test_the_password_is_used_and_never_told(server, base, make_handin, call):
    if not server.private:
        pytest.skip("SKIPPED: a server of somebody else has no role of ours")
    folder = make_handin("密")
    config = write_config(folder)
    home, url = config.parents[1], server.url(server.name(base), user=READER)
    code, refused = call("publish", config, "--to", url, PGPASSWORD=SECRET)
    assert code == 1 and "HSQ-P03" in refused and "授予" in refused, refused  # may connect, may not create
    server.ask("postgres", f"GRANT CREATE ON DATABASE {server.name(base)} TO {READER}")
    code, said = call("publish", config, "--to", url, PGPASSWORD=SECRET)
    assert code == 0 and "库中现有 1 个方案" in said, said
    code, wrong = call("publish", config, "--to", url, PGPASSWORD=SECRET[::-1])
    assert code == 1 and "HSQ-P01" in wrong and "用户或密码不对" in wrong
    files = "".join(p.read_bytes().decode("utf-8", "ignore") for p in home.rglob("*") if p.is_file())
    told = refused + said + wrong + files + "".join(map(str, look(base)))
    assert SECRET not in told and SECRET[::-1] not in told


def test_no_server_and_no_database_are_told(east, server):
    for url, problem in (
        ("postgresql://gis@127.0.0.1:9/yitu", "无法连接 127.0.0.1:9/yitu：该地址没有数据库服务"),
        (server.url("nix"), "没有这个数据库"),
    ):
        with pytest.raises(PlanFaults) as caught:
            publish_handin(east, url)
        (fault,) = caught.value.faults
        assert fault.code == "HSQ-P01" and problem in fault.problem
