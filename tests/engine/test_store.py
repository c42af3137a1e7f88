"""Stored results: complete or not there, whatever instant a run ends at; changed ones known by their hash."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from layers.faults import Fault, PlanFaults
from layers.source import Barrier, Road
from pipeline.engine.lock import hold, is_held
from pipeline.engine.run import run_plan
from pipeline.engine.store import Layers, Store, read_layer
from pipeline.plan import Plan
from tests.builders import make_frame, make_plan

PARTS = {"layers": {"x": "1"}}


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return make_plan(delivery={"folder": "out"}).located(tmp_path)


def frames(shift: float = 0.0) -> dict[str, gpd.GeoDataFrame]:
    line = shapely.LineString([(500_000 + shift, 3_100_000), (500_100, 3_100_000)])
    rows = [{"id": "a", "geometry": line}]
    return {layer.key: make_frame(layer, rows) for layer in (Road, Barrier)}


class Killed(BaseException):
    """Stands for a process that ends here: nothing in the product catches it."""


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", range(4))
def test_killed_while_storing_there_is_a_whole_result_or_none(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, step: int, after: bool
) -> None:
    store = Store(plan)
    store.save("load", frames(), [], PARTS, papers=[])
    count = iter(range(100))

    def wrap(do):
        def run(self, *args, **more):
            at = next(count)
            if at == step and not after:
                raise Killed
            done = do(self, *args, **more)
            if at == step:
                raise Killed
            return done

        return run

    with monkeypatch.context() as patch:
        for name in ("replace", "unlink"):
            patch.setattr(Path, name, wrap(getattr(Path, name)))
        with pytest.raises(Killed):
            store.save("load", frames(shift=1.0), [], {"layers": {"x": "2"}}, papers=[])
    record = store.find("load")
    assert record is None or store.list_touched("load", record) == []
    new = store.save("load", frames(shift=1.0), [], PARTS, papers=[])
    assert store.find("load") == new
    assert sorted(p.name for p in (store.folder / "load").iterdir()) == [
        "barrier.parquet", "road.parquet", "stage.json",
    ]  # fmt: skip


def test_a_layer_changed_by_hand_or_gone_is_named(plan: Plan) -> None:
    store = Store(plan)
    record = store.save("load", frames(), [], PARTS, papers=[])
    paths = store.paths("load", record)
    frames(shift=5.0)[Road.key].to_parquet(paths[Road.key], index=False)
    paths[Barrier.key].unlink()
    assert sorted(path.name for path in store.list_touched("load", record)) == [
        "barrier.parquet",
        "road.parquet",
    ]


def test_the_same_layers_are_the_same_bytes_from_memory_and_from_the_store(plan: Plan) -> None:
    store = Store(plan)
    one = store.save("load", frames(), [], PARTS, papers=[])
    read = {key: read_layer(path, key) for key, path in store.paths("load", one).items()}
    assert str(read[Road.key].crs) == str(frames()[Road.key].crs)
    two = store.save("network", read, [], PARTS, papers=[])
    assert one.layers == two.layers and one.key == two.key


def test_remarks_and_papers_come_back(plan: Plan) -> None:
    fault = Fault("HSQ-G01", "没有几何", severity="警告", row="3", x=1.1, y=2.2)
    record = Store(plan).save("load", frames(), [fault], PARTS, papers=[("台账.xlsx｜附件", "一.pdf")])
    found = Store(plan).find("load")
    assert found == record and found.faults == [fault]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"fingerprint": "x", "layers": [], "remarks": []}'])
def test_a_record_of_another_version_is_none(plan: Plan, text: str) -> None:
    path = Store(plan).folder / "load/stage.json"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    assert Store(plan).find("load") is None


def test_lent_layers_are_read_when_asked_for(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(plan)
    record = store.save("load", frames(), [], PARTS, papers=[])
    lent = Layers()
    lent.lend(store.paths("load", record))
    read: list[str] = []
    monkeypatch.setattr(
        "pipeline.engine.store.read_layer", lambda path, key: read.append(key) or read_layer(path, key)
    )
    assert list(lent) == [Barrier.key, Road.key] and Road.key in lent and len(lent) == 2 and read == []
    assert len(lent[Road.key]) == 1 and lent[Road.key] is lent[Road.key] and read == [Road.key]


def test_two_runs_at_once_the_second_says_so_and_stops(plan: Plan) -> None:
    with hold(plan.output):
        assert is_held(plan.output)
        before = sorted(p.name for p in plan.output.iterdir())
        with pytest.raises(PlanFaults) as caught:
            run_plan(plan)
        assert [fault.code for fault in caught.value.faults] == ["HSQ-R01"]
        assert sorted(p.name for p in plan.output.iterdir()) == before
    assert not is_held(plan.output)


def test_a_folder_that_cannot_be_written_is_one_clear_fault(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(plan.output / ".run.lock"))

    monkeypatch.setattr("pipeline.engine.lock.FileLock.acquire", refuse)
    with pytest.raises(PlanFaults, match="HSQ-D05") as caught:
        run_plan(plan)
    assert "没有写入权限" in caught.value.faults[0].problem


def test_a_run_that_is_interrupted_says_so_in_its_log_and_lets_go(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipeline.engine.course.hash_inputs", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_plan(plan)
    assert "运行被中断" in (plan.output / "run.log").read_text(encoding="utf-8")
    assert not is_held(plan.output)


def test_a_lock_left_by_a_killed_run_holds_nobody(plan: Plan) -> None:
    plan.output.mkdir(parents=True)
    (plan.output / ".run.lock").touch()
    assert not is_held(plan.output)
    with hold(plan.output):
        assert is_held(plan.output)


def test_asking_leaves_nothing_behind(plan: Plan) -> None:
    assert not is_held(plan.output) and not plan.output.exists()
