"""Plans begun in folders of their own."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from pipeline.begin.start import Begun, begin_plan

ROOT = Path(__file__).resolve().parents[2]
DAY = date(2026, 11, 23)


@pytest.fixture(scope="session")
def sample_begun(tmp_path_factory: pytest.TempPathFactory) -> Begun:
    """A plan begun from the sample's files."""
    home = tmp_path_factory.mktemp("从样例")
    shutil.copytree(ROOT / "data/sample/输入", home / "资料")
    return begin_plan(home / "方案", day=DAY, source=home / "资料")


@pytest.fixture(scope="session")
def tiny_begun(tmp_path_factory: pytest.TempPathFactory) -> Begun:
    """A plan begun from the tiny plan's files."""
    home = tmp_path_factory.mktemp("从小样")
    shutil.copytree(ROOT / "data/sample/tiny", home / "资料")
    return begin_plan(home / "小样", day=DAY, source=home / "资料")
