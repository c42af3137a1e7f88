"""The tiny plan's hand-in, as a run made it, published and exported."""

from __future__ import annotations

import json
from decimal import Decimal

import psycopg
import pyogrio

from layers.planned import Need
from pipeline.publish.across import check_plans
from pipeline.publish.district import write_district
from pipeline.publish.gather import read_folders, read_server
from pipeline.publish.handin import read_handin
from pipeline.publish.publication import publish_handin
from pipeline.review.lists import find_library, read_list
from tests.postgres import base, server

__all__ = ["base", "server"]


def test_the_database_holds_what_the_hand_in_holds(tiny, base):
    handin = read_handin(tiny.folder, plan_id="tiny")
    publish_handin(handin, base)
    with psycopg.connect(base) as connection:
        for layer in handin.layers:
            query = f"SELECT count(*), count(DISTINCT bsm) FROM haoshequ.{layer.code.lower()}"
            assert connection.execute(query.encode()).fetchone() == (len(layer.frame),) * 2
        names = "projects, total_wan, communities, needs"
        row = connection.execute(f"SELECT {names} FROM haoshequ.v_plan_summary".encode()).fetchone()
        money = connection.execute(b"SELECT sum(total_wan) FROM haoshequ.v_community_summary").fetchone()
    count = {layer.code: len(layer.frame) for layer in handin.layers}
    listed = read_list(find_library(tiny.handin))
    assert row is not None and row[0] == len(listed.projects) > 0
    assert row[1] == Decimal(listed.total()) / 100 == money[0] > 0
    assert row[2:] == (
        count["HSQ_SQBJ"],
        sum(count.get(code, 0) for code in Need.onemap.values()),
    )
    manifest = json.loads((tiny.handin / "manifest.json").read_text(encoding="utf-8"))
    digest = {item["path"]: item["sha256"] for item in manifest["files"]}["数据库/一张图.gpkg"]
    assert read_server(base, "haoshequ")[0].facts == handin.facts
    assert handin.facts.database_sha256 == digest


def test_one_plan_is_a_district_without_findings(tiny, tmp_path):
    plans = read_folders([tiny.folder])
    found = check_plans(plans)
    assert found == []
    written = write_district(plans, found, tmp_path / "a.gpkg")
    assert written.features == sum(len(layer.frame) for layer in plans[0].layers) > 100
    for layer in plans[0].layers:
        assert len(pyogrio.read_dataframe(tmp_path / "a.gpkg", layer=layer.code)) == len(layer.frame)
