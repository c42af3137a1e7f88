"""Tiles of a web map, from a server of the test's own: fetched once, placed, faded; the key is nowhere to be seen."""

from __future__ import annotations

import io
import logging
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import geopandas as gpd
import mercantile
import numpy as np
import pytest
import rasterio
import shapely
from PIL import Image
from pydantic import ValidationError
from pyproj import CRS, Transformer

from layers.datum import shift_from_wgs84
from layers.faults import FaultLog
from layers.read.webtiles import TilesError, choose_zoom, fetch_tiles
from pipeline.deliver.atlas.backdrops import lay_backdrops
from pipeline.deliver.atlas.compose import Entry
from pipeline.deliver.sheet.render import draw_sheet
from pipeline.deliver.sheet.spec import Drawn, SheetSpec, TitleBlock
from pipeline.plan.under import Provider, Tiles
from tests.builders import make_plan

PLAN = CRS.from_epsg(4548)
EXTENT = (486_000.0, 3_137_000.0, 486_600.0, 3_137_400.0)
KEY = "s3cr3t-0f-th3-user"


@dataclass
class Server:
    """Tiles whose colour says which they are: red by column, green by row."""

    url: str
    asked: list[str] = field(default_factory=list)
    status: int = 200
    content: bytes | None = None


def paint(column: int, row: int) -> tuple[int, int, int]:
    return column * 37 % 200, row * 53 % 200, 90


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            state.asked.append(self.path)
            column, row = (int(part) for part in self.path.split("?")[0].removesuffix(".png").split("/")[-2:])
            buffer = io.BytesIO()
            Image.new("RGB", (256, 256), paint(column, row)).save(buffer, "PNG")
            self.send_response(state.status)
            self.end_headers()
            self.wfile.write(buffer.getvalue() if state.content is None else state.content)

        def log_message(self, *said):
            """Be silent."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{listening.server_port}/{{z}}/{{x}}/{{y}}.png"
    yield state
    listening.shutdown()
    thread.join()
    listening.server_close()


@pytest.fixture
def entries() -> list[Entry]:
    house = shapely.box(EXTENT[0], EXTENT[3] - 10, EXTENT[0] + 10, EXTENT[3])
    layer = Drawn(frame=gpd.GeoDataFrame(geometry=[house], crs=PLAN), theme="building", value="建筑")
    return [
        Entry(number, "图", "组", SheetSpec(
            number=number, title="图", group="组", crs=PLAN, extent=EXTENT, scale=2000, layers=(layer,),
            block=TitleBlock(project="测试"), layout=layout,
        ))
        for number, layout in (("1-01", "standard"), ("1-02", "wide"))
    ]  # fmt: skip


def plan_with(folder, tiles):
    return make_plan(sheets={"tiles": tiles}, delivery={"folder": str(folder)})


def own(server, **more):
    return {"provider": "custom", "url": server.url, "attribution": "本单位瓦片", **more}


def test_tiles_lie_under_the_sheets_and_are_fetched_once(server, entries, tmp_path):
    plan, log = plan_with(tmp_path, own(server, fade=0, grey=False, on=["1-01", "1-02"])), FaultLog()
    laid = lay_backdrops(entries, plan, log)
    assert not log.faults and server.asked
    specs = [entry.spec for entry in laid]
    assert len({spec.backdrop.path for spec in specs}) == 1  # one picture serves both layouts
    assert all(spec.notes[-1] == "本单位瓦片。" for spec in specs)
    pixels = np.asarray(Image.open(io.BytesIO(draw_sheet(specs[0])[0])))
    zoom = int(specs[0].backdrop.path.name.split("-")[1])
    lon, lat = Transformer.from_crs(PLAN, 4326, always_xy=True).transform(EXTENT[2] - 50, EXTENT[1] + 50)
    tile = mercantile.tile(lon, lat, zoom)
    from pipeline.deliver.sheet.scale import MapTransform
    from styles.frame import load_frame

    frame = load_frame()
    transform = MapTransform.for_extent(EXTENT, 2000, frame.map)
    (spot,) = transform.to_page(np.array([shapely.Point(EXTENT[2] - 50, EXTENT[1] + 50)], dtype=object))
    x, y = int(spot.x * 300 / 25.4), len(pixels) - int(spot.y * 300 / 25.4)
    assert pixels[y, x].tolist() == pytest.approx(paint(tile.x, tile.y), abs=4)
    asked = len(server.asked)
    again = lay_backdrops(entries, plan, FaultLog())
    assert len(server.asked) == asked
    assert draw_sheet(again[0].spec)[0] == draw_sheet(specs[0])[0]


def test_only_the_sheets_named_show_them(server, entries, tmp_path):
    laid = lay_backdrops(entries, plan_with(tmp_path, own(server, on=["1-02"])), FaultLog())
    assert [entry.spec.backdrop is None for entry in laid] == [True, False]
    assert laid[0].spec is entries[0].spec


def test_the_key_goes_to_the_server_and_nowhere_else(server, entries, tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("MY_TILE_KEY", KEY)
    caplog.set_level(logging.INFO)
    tiles = own(server, url=server.url + "?tk={key}", key_env="MY_TILE_KEY")
    plan, log = plan_with(tmp_path, tiles), FaultLog()
    laid = lay_backdrops(entries, plan, log)
    assert server.asked and all(path.endswith(f"?tk={KEY}") for path in server.asked)
    assert not log.faults
    server.status = 403
    (tmp_path / "t" / "work").rename(tmp_path / "kept")
    bare = lay_backdrops(entries, plan, log)
    said = repr(log.faults) + repr(laid) + repr(bare) + caplog.text + plan.model_dump_json()
    assert KEY not in said and "127.0.0.1" not in repr(log.faults)
    for path in tmp_path.rglob("*"):
        assert KEY not in path.name
        assert path.is_dir() or KEY.encode() not in path.read_bytes()
    with pytest.raises(TilesError) as caught:
        source = plan.sheets.tiles.source
        fetch_tiles(source, EXTENT, PLAN, tmp_path / "x.tif", zoom=16, key=KEY)
    assert (
        caught.value.__cause__ is None and caught.value.__context__ is None and KEY not in str(caught.value)
    )


@pytest.mark.parametrize(
    ("status", "content", "reason"),
    [(403, None, "拒绝"), (404, None, "拒绝"), (200, b"<html>no tile</html>", "拒绝")],
)
def test_tiles_that_fail_are_one_warning_and_the_sheet_is_drawn(
    server, entries, tmp_path, status, content, reason
):
    server.status, server.content = status, content
    log = FaultLog()
    laid = lay_backdrops(entries, plan_with(tmp_path, own(server)), log)
    assert laid == entries
    assert [(f.code, f.severity) for f in log.faults] == [("HSQ-D09", "警告")]
    assert reason in log.faults[0].problem and "自有瓦片服务" in log.faults[0].problem
    assert not list(tmp_path.rglob("*.tif"))
    assert draw_sheet(laid[0].spec)[1].title == "图"


def test_nobody_answers(entries, tmp_path):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}/{{z}}/{{x}}/{{y}}.png"
    log = FaultLog()
    lay_backdrops(entries, plan_with(tmp_path, {"provider": "custom", "url": url, "attribution": "无"}), log)
    assert "连接不上服务器" in log.faults[0].problem


def test_without_a_key_nothing_is_asked(entries, tmp_path, monkeypatch):
    monkeypatch.delenv("TIANDITU_KEY", raising=False)
    monkeypatch.setattr(socket, "socket", refuse)
    log = FaultLog()
    assert lay_backdrops(entries, plan_with(tmp_path, {"provider": "tianditu_vec"}), log) == entries
    assert "环境变量 TIANDITU_KEY" in log.faults[0].problem


def refuse(*args, **more):
    raise AssertionError("a socket was opened")


def test_no_socket_without_the_switch(entries, tmp_path, monkeypatch):
    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    plan = make_plan(delivery={"folder": str(tmp_path)})
    laid = lay_backdrops(entries, plan, FaultLog())
    assert laid is entries
    draw_sheet(laid[0].spec)


def test_too_many_tiles_are_not_asked_for(server, entries, tmp_path):
    log = FaultLog()
    lay_backdrops(entries, plan_with(tmp_path, own(server, zoom=22)), log)
    assert "张瓦片" in log.faults[0].problem and not server.asked


def test_shifted_maps_are_refused_or_moved_back(server, tmp_path):
    for name in ("gaode_vec", "gaode_img"):
        with pytest.raises(ValidationError, match="GCJ-02"):
            Tiles(provider=name)
        assert Tiles(provider=name, shift_gcj02=True).source.datum == "gcj02"
    # The edge between two tiles of a shifted map lies where the shift says, to half a metre.
    source = Provider(name="g", url=server.url, datum="gcj02", attribution="g")
    fetch_tiles(source, EXTENT, PLAN, tmp_path / "g.tif", zoom=17)
    with rasterio.open(tmp_path / "g.tif") as file:
        values, place = file.read([1, 2, 3]).astype(int), file.transform
    to_degrees = Transformer.from_crs(PLAN, 4326, always_xy=True)
    x, y = EXTENT[0] + np.arange(5.0, 600.0, 0.25), np.full(2380, EXTENT[1] + 200.0)
    lon, lat = shift_from_wgs84(*to_degrees.transform(x, y), datum="gcj02")
    wanted = np.array(
        [paint(t.x, t.y)[0] for t in (mercantile.tile(a, b, 17) for a, b in zip(lon, lat, strict=True))]
    )
    row = int((place.f - y[0]) / -place.e)
    found = values[0, row, ((x - place.c) / place.a).astype(int)]
    wrong = np.abs(found - wanted) > 20
    assert len(np.unique(wanted)) >= 2
    assert wrong.sum() * 0.25 <= 0.5 * (len(np.unique(wanted)) - 1) + 2 * place.a
    # ... hundreds of metres from where it would lie unshifted
    plain = np.array(
        [
            paint(t.x, t.y)[0]
            for t in (mercantile.tile(a, b, 17) for a, b in zip(*to_degrees.transform(x, y), strict=True))
        ]
    )
    assert (np.abs(found - plain) > 20).sum() * 0.25 > 100


def test_names_on_tiles_can_be_read_on_paper():
    source = Tiles(provider="osm").source
    assert [choose_zoom(source, 28.4, scale) for scale in (1000, 2000, 5000, 10000)] == [19, 19, 17, 16]


@pytest.mark.parametrize(
    ("tiles", "words"),
    [
        ({"provider": "google"}, "google"),
        ({"provider": "custom", "url": "http://a/{z}/{x}.png", "attribution": "a"}, "{y}"),
        ({"provider": "custom", "url": "http://a/{z}/{x}/{y}?tk={key}", "attribution": "a"}, "key_env"),
        ({"provider": "osm", "on": ["9-99"]}, "9-99"),
        ({"provider": "osm", "zoom": 40}, "zoom"),
    ],
)  # fmt: skip
def test_a_wrong_switch_is_refused(tiles, words):
    with pytest.raises(ValidationError, match=words):
        Tiles(**tiles)


def test_every_provider_declares_what_it_must():
    from configs import read_settings

    for name in read_settings("tiles.yaml")["providers"]:
        source = Tiles(provider=name, shift_gcj02=True).source
        assert source.attribution and source.clause
        assert ("{key}" in source.url) == bool(source.key_env)
        assert (source.datum == "gcj02") == name.startswith("gaode")
    assert "OpenStreetMap" in Tiles(provider="osm").source.attribution
