"""A small seeded city, read once and made into plans once."""

from __future__ import annotations

import itertools
import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.batchcity import write_city
from pipeline.batch.city import split
from pipeline.batch.city.config import City, load_city

COUNT = 8
_KEYS = itertools.count(1)


@dataclass(frozen=True)
class Made:
    """A city that was split: its config, what reading it gave, what was said."""

    config: Path
    frames: dict[str, pd.DataFrame]
    split: split.Split

    def city(self) -> City:
        return load_city(self.config)


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The city of eight communities in a row, each 240 m wide."""
    config = write_city(tmp_path_factory.mktemp("batch") / "全市", COUNT)
    read = split._read_city(load_city(config))
    patch = pytest.MonkeyPatch()
    patch.setattr(split, "_read_city", lambda city: read)
    done = split.split_city(load_city(config))
    patch.undo()
    return Made(config, read[0], done)


@pytest.fixture
def made(made_once: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """A copy of the city to change at will; its files are not read again but taken from ``frames``."""
    home = tmp_path / "全市"
    shutil.copytree(made_once.config.parent, home)
    mine = Made(home / made_once.config.name, dict(made_once.frames), made_once.split)
    monkeypatch.setattr(split, "_read_city", lambda city: (mine.frames, [], ""))
    monkeypatch.setattr(split, "make_key", lambda city: f"{next(_KEYS)}")  # frames change where files do not
    return mine
