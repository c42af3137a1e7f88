"""Whole runs, each made once: the sample through the command line, the tiny plan and two real places in process."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import yaml

from layers.model import Layer
from pipeline.cli import main
from pipeline.engine.run import Outcome, run_plan
from pipeline.plan import load_plan
from tests.real import NAMED, REAL, is_there

ROOT = Path(__file__).parents[2]
TRUTH = yaml.safe_load((ROOT / "data/sample/真值.yaml").read_text(encoding="utf-8"))
# What an installed ``haoshequ`` runs, from this working copy whatever else is installed.
ENTRY = (sys.executable, "-c", "from pipeline.cli import main; main()")


# For runs that are about neither: the hand-in is checked without them as with them.
LEAN = "\ndelivery: {cad: false, documents: false}\n"


@dataclass(frozen=True)
class Whole:
    """A finished run.

    Attributes
    ----------
    home : the folder that holds ``configs``, ``data`` and ``output``.
    folder : the plan's results; 成果, work and run.log are in it.
    code, said : exit code and everything on the console; only of runs through the command line.
    """

    home: Path
    folder: Path
    code: int = 0
    said: str = ""

    @property
    def handin(self) -> Path:
        return self.folder / "成果"

    def frame(self, layer: type[Layer]) -> pd.DataFrame:
        """Return a layer as the run stored it."""
        (path,) = self.folder.glob(f"work/*/{layer.key}.parquet")
        return gpd.read_parquet(path) if layer.shape else pd.read_parquet(path)


def place_plan(home: Path, name: str, *, inputs: tuple[str, ...], more: str = "") -> Path:
    """Copy a plan's config and its folders of ``data/sample`` below ``home``, paths unchanged."""
    config = home / "configs" / f"{name}.yaml"
    config.parent.mkdir(parents=True, exist_ok=True)
    text = (ROOT / "configs" / f"{name}.yaml").read_text(encoding="utf-8")
    config.write_text(text + more, encoding="utf-8")
    for folder in inputs:
        shutil.copytree(ROOT / "data/sample" / folder, home / "data/sample" / folder)
    return config


def call(*args: object, cwd: Path, entry: tuple[str, ...] = ENTRY, **env: str) -> tuple[int, str]:
    """Run the command line in another process; return its exit code and all it said, error stream included."""
    known = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "PYTHONWARNINGS")}
    known |= {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "COLUMNS": "200", "TERM": "dumb"} | env
    done = subprocess.run(
        [*entry, *map(str, args)], cwd=cwd, env=known, capture_output=True, text=True, encoding="utf-8"
    )
    return done.returncode, done.stdout + done.stderr


def ask(*words: object, columns: int = 200) -> tuple[int, str]:
    """Run the command line in this process, which has everything loaded; return its exit code and all it said."""
    said = io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(said),
        pytest.raises(SystemExit) as end,
    ):
        patch.setenv("COLUMNS", str(columns))
        patch.setattr(sys, "argv", ["haoshequ", *map(str, words)])
        main()
    return int(end.value.code or 0), said.getvalue()


def list_bytes(folder: Path) -> dict[str, bytes]:
    """Return every file below ``folder`` by its relative name."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """The sample, run once by the suite, in a folder of its own."""
    home = tmp_path_factory.mktemp("whole") / "示例"
    config = place_plan(home, "sample", inputs=("输入",))
    code, said = call("run", config, cwd=home)
    assert code == 0, said
    return Whole(home, home / "output/sample", code, said)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """The tiny plan, run in this process, so that a warning anywhere is an error."""
    home = tmp_path_factory.mktemp("whole") / "小样"
    run_plan(load_plan(place_plan(home, "tiny", inputs=("tiny",))))
    return Whole(home, home / "output/tiny")


def run_real(name: str, home: Path, *, only: tuple[str, ...]) -> tuple[Whole, Outcome]:
    """Run a real place with a few sheets."""
    text = (ROOT / "configs" / f"{name}.yaml").read_text(encoding="utf-8")
    config = home / "configs" / f"{name}.yaml"
    config.parent.mkdir()
    sheets = f"\nsheets:\n  only: {list(only)}\n"
    config.write_text(text.replace("../data/real", str(REAL)) + sheets + LEAN, encoding="utf-8")
    plan = load_plan(config)
    outcome = run_plan(plan)
    return Whole(home, plan.output), outcome


@pytest.fixture(scope="session")
def real_places() -> None:
    """Say loudly, once a test, that the real places were not run."""
    if not is_there():
        pytest.skip(f"SKIPPED: HAOSHEQU_REAL={NAMED!r} names no folder; real places were not run")
