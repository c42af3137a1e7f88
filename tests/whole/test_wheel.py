"""The wheel, installed where nothing of the repository is, runs a plan from a folder with a Chinese name and a space."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.handin import check_handin
from tests.whole.conftest import LEAN, ROOT, call, place_plan

ROOMS = ("pipeline", "layers", "styles", "configs")


def pip(*args: object) -> None:
    """Run pip of this environment without network."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", *map(str, args)],
        capture_output=True, text=True, env={**os.environ, "PIP_NO_INDEX": "1"}, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, f"pip {args[0]} failed:\n{done.stdout}{done.stderr}"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without network from a copy of the tracked rooms."""
    try:
        importlib.metadata.version("pip")
        importlib.metadata.version("hatchling")
    except importlib.metadata.PackageNotFoundError as error:
        pytest.fail(
            f"{error.name} is missing in {sys.prefix}: the wheel cannot be built; install '.[test]' and pip"
        )
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    # Build from a copy: a build leaves nothing behind in the repository.
    source.mkdir()
    for room in ROOMS:
        shutil.copytree(ROOT / room, source / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    pip("wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder, source)
    (built,) = folder.glob("haoshequ-*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that holds the wheel and, through a .pth, this one's dependencies but no repository."""
    home = tmp_path_factory.mktemp("环境") / "venv"
    venv.create(home, with_pip=False, symlinks=os.name != "nt")
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip("--python", python, "install", "--quiet", "--no-deps", wheel)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(home), "platbase": str(home)}))
    # A path in a .pth is searched after the environment's own packages, and .pth files found there (an
    # editable install of the repository) are not followed.
    (site / "_dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return home


def test_wheel_holds_the_rooms_and_their_data(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as z:
        names = z.namelist()
    assert {n.split("/")[0] for n in names if ".dist-info" not in n} == set(ROOMS)
    tracked = {
        p.relative_to(ROOT).as_posix()
        for room in ROOMS
        for p in (ROOT / room).rglob("*")
        if p.is_file() and "__pycache__" not in p.parts
    }
    assert tracked <= set(names)
    assert not [n for n in names if n.endswith((".pyc", ".jpg")) or "data/" in n]


def test_installed_command_runs_from_another_folder(environment: Path, tmp_path: Path) -> None:
    home = tmp_path / "我的 方案"
    config = place_plan(home, "tiny", inputs=("tiny",), more=LEAN)
    scripts = environment / ("Scripts" if os.name == "nt" else "bin")
    python = next(scripts.glob("python*"))
    where = (
        "import layers, pipeline, styles, configs, sys; "
        "print(*[m.__file__ for m in (layers, pipeline, styles, configs)], *sys.path, sep='\\n')"
    )
    env = {"PYTHONPATH": "", "PYTHONNOUSERSITE": "1"}
    code, said = call(cwd=home, entry=(str(python), "-c", where), **env)
    assert code == 0, said
    lines = said.splitlines()
    assert all(Path(line).is_relative_to(environment) for line in lines[:4]), lines[:4]
    assert not [line for line in lines[4:] if line and Path(line).resolve() == ROOT]

    command = scripts / ("haoshequ.exe" if os.name == "nt" else "haoshequ")
    code, said = call("run", config.relative_to(home), cwd=home, entry=(str(command),), **env)
    assert code == 0, said
    assert check_handin(home / "output/tiny/成果") == []
    assert not (environment / "output").exists()
