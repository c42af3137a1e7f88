"""What publication refuses before any server is asked: hand-ins that are none, addresses with passwords, rows that do not fit."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from layers.codes import ACTION
from layers.faults import PlanFaults
from layers.model import CodeList, Field
from pipeline.publish.handin import read_handin
from pipeline.publish.load import make_statements
from pipeline.publish.schema import make_schema
from pipeline.publish.script import write_script
from pipeline.publish.server import check_address, check_schema, open_server
from pipeline.publish.sql import copy_rows, make_block, quote_text
from pipeline.publish.tables import list_codes, list_tables, make_column
from tests.publish.conftest import write_config

SECRET = "Geheim7391"


def test_no_server_is_told_in_chinese_alone():
    pytest.importorskip("psycopg")
    with pytest.raises(PlanFaults) as caught, open_server("postgresql://gis@127.0.0.1:1/yitu"):
        pass
    (fault,) = caught.value.faults
    assert (fault.code, fault.value) == ("HSQ-P01", "") and "没有数据库服务" in fault.problem


def test_there_must_be_a_hand_in_and_it_must_be_the_plans(tmp_path, east):
    with pytest.raises(PlanFaults, match="没有成果") as caught:
        read_handin(tmp_path)
    assert caught.value.faults[0].code == "HSQ-P02" and "haoshequ run" in caught.value.faults[0].remedy
    with pytest.raises(PlanFaults, match="文件夹不存在"):
        read_handin(tmp_path / "没有")
    with pytest.raises(PlanFaults, match="属于方案“东”，不是“西”"):
        read_handin(east.folder, plan_id="西")
    assert read_handin(east.folder.parent, plan_id="东").facts == east.facts


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda root: (root / "数据库/一张图.gpkg").write_bytes(b"x"), "内容在交付后改动过"),
        (lambda root: next((root / "数据库/项目库").glob("*.dbf")).unlink(), "文件缺失"),
        (lambda root: (root / "新.txt").write_text("a"), "清单中没有此文件"),
        (lambda root: (root / "manifest.json").write_text("{"), "manifest.json 无法读取"),
    ],
)
def test_a_hand_in_that_was_changed_is_refused(east, tmp_path, change, problem):
    root = tmp_path / "成果"
    shutil.copytree(east.folder, root)
    change(root)
    with pytest.raises(PlanFaults, match=problem) as caught:
        read_handin(root)
    assert {fault.code for fault in caught.value.faults} == {"HSQ-P02"} and len(caught.value.faults) == 1


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://gis:{SECRET}@host/yitu",
        f"postgresql://gis:{SECRET}",
        f"postgresql://gis:{SECRET}/x@host/yitu",
        f"postgresql://gis:{SECRET}#@host/yitu",
        f"postgresql://gis:{SECRET}@@host:5432/yitu",
        f"postgresql://gis@host/yitu?password={SECRET}",
        f"postgresql://gis@host/yitu?sslmode=require&PassWord={SECRET}",
        f"postgresql://gis@host/yitu?p%61ssword={SECRET}",
        f"postgresql://gis@host/yitu?sslpassword={SECRET}",
        f"host=host user=gis password={SECRET}",
        f"gis:{SECRET}@host/yitu",
        f"mysql://gis:{SECRET}@host/yitu",
        f"postgresql://host:{SECRET}/yitu",
    ],
)
def test_an_address_with_a_password_is_refused_and_never_repeated(address):
    with pytest.raises(PlanFaults) as caught:
        check_address(address)
    assert SECRET not in repr(caught.value.faults) + str(caught.value)
    assert {fault.code for fault in caught.value.faults} == {"HSQ-P01"}


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("postgresql://gis@192.168.1.10:5432/yitu", "192.168.1.10:5432/yitu"),
        ("postgres://host/yitu?sslmode=require", "host/yitu"),
        ("postgresql:///yitu?host=/var/run/postgresql", "本机/yitu"),
        ("postgresql://gis@[::1]:5432/%E5%BA%93", "[::1]:5432/库"),
    ],
)
def test_addresses_without_one_are_taken(address, place):
    assert check_address(address) == place


def test_the_command_refuses_a_password_before_anything_else(east, call):
    config = write_config(east.folder)
    code, said = call("publish", config, "--to", f"postgresql://gis:{SECRET}@127.0.0.1:9/yitu")
    assert code == 1 and "密码放在环境变量 PGPASSWORD" in said and SECRET not in said
    code, said = call("publish", config)
    assert code == 2 and "--to 与 --sql 给出一个" in said


def test_the_command_writes_a_script_without_a_connection(east, tmp_path, call):
    config = write_config(east.folder)
    code, said = call("publish", config, "--sql", tmp_path / "发布.sql", "--schema", "Yitu")
    assert code == 1 and "“Yitu”不能作模式名" in said
    code, said = call("publish", config, "--sql", tmp_path / "发布.sql", "--schema", "yitu")
    assert code == 0 and "已写出" in said and "2 个项目" in said, said
    text = (tmp_path / "发布.sql").read_text(encoding="utf-8")
    assert text.startswith("-- 东方案（东），编制日期 2026-03-05") and text.endswith("COMMIT;\n")
    assert '"haoshequ"' not in text and '"yitu"."hsq_xmfbd"' in text
    assert list(tmp_path.iterdir()) == [tmp_path / "发布.sql"]
    (tmp_path / "照常").touch()
    assert (tmp_path / "发布.sql").stat().st_mode == (tmp_path / "照常").stat().st_mode


def test_without_psycopg_it_says_how_to_install_it(monkeypatch):
    import sys

    from pipeline.publish.server import open_server

    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(PlanFaults) as caught, open_server("postgresql://gis@host/yitu"):
        pass
    assert "pip install 'haoshequ[postgis]'" in caught.value.faults[0].remedy


def test_rows_that_would_not_fit_are_told_all_at_once(east):
    layers = []
    for layer in east.layers:
        if layer.code == "HSQ_XMFBD":
            bad = {"GXFS": ["翻新"], "XMMC": [None], "TZE": [1e12], "PPDJ": [2**15]}
            layer = replace(layer, frame=layer.frame.assign(**bad))
        layers.append(layer)
    with pytest.raises(PlanFaults) as caught:
        make_statements(replace(east, layers=tuple(layers)))
    found = {(fault.code, fault.field) for fault in caught.value.faults}
    assert found == {("HSQ-V05", "GXFS"), ("HSQ-V02", "XMMC"), ("HSQ-V04", "TZE"), ("HSQ-V04", "PPDJ")}
    assert {fault.row for fault in caught.value.faults} == {
        east.layers[[x.code for x in east.layers].index("HSQ_XMFBD")].frame["BSM"][0]
    }


def test_schema_names():
    check_schema("yitu_2026")
    for name in ("Yitu", "public", "pg_x", "1a", 'a"b', "", "a" * 64):
        with pytest.raises(PlanFaults):
            check_schema(name)


def test_words_of_sql():
    assert quote_text("a'b\\c") == "'a''b\\c'"
    assert (
        copy_rows("t", ["a", "b"], [["x\ty\\", None], [1.5, float("nan")]]).rows
        == "x\\ty\\\\\t1.5\n\\N\t\\N\n"
    )
    assert make_block(["NULL;"]).text == "DO $haoshequ$\nBEGIN\nNULL;\nEND\n$haoshequ$"
    block = make_block(["PERFORM '$haoshequ$ and $haoshequ_$';"]).text
    assert block.startswith("DO $haoshequ__$\n") and block.endswith("\n$haoshequ__$")


def test_every_layer_has_a_table_and_one_name_one_list():
    tables = list_tables()
    assert len({table.name for table in tables}) == len(tables) == 30
    assert ACTION.values in [codes.values for codes in list_codes(tables)]
    text = "\n".join(statement.text for statement in make_schema("haoshequ", tables))
    assert text == "\n".join(statement.text for statement in make_schema("haoshequ", tables))
    assert all(f'CREATE TABLE IF NOT EXISTS "haoshequ"."{table.name}"' in text for table in tables)
    spec = Field("动作", "text", "DZ", 8, codes=CodeList("更新方式", ("拆",)))
    spec.__set_name__(object, "x")
    with pytest.raises(ValueError, match="更新方式"):
        list_codes([*tables, replace(tables[0], columns=(make_column(spec.column),))])


def test_a_script_that_cannot_be_written_leaves_the_old_one(east, tmp_path, monkeypatch):
    path = tmp_path / "a.sql"
    path.write_text("old", encoding="utf-8")
    monkeypatch.setattr(
        "pipeline.publish.script.os.fsync", lambda number: (_ for _ in ()).throw(OSError(28, "full"))
    )
    with pytest.raises(PlanFaults, match="磁盘空间不足") as caught:
        write_script([], east.facts, path)
    assert caught.value.faults[0].code == "HSQ-D05"
    assert path.read_text(encoding="utf-8") == "old" and list(tmp_path.iterdir()) == [path]
