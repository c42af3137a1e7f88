"""What is DECIDED: plan configs, and standards as data with their source and confidence.

A leaf: it imports nothing of this product. Tables are read once and handed out read-only.
"""

from __future__ import annotations

import csv
import io
from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def read_rows(name: str) -> tuple[dict[str, str], ...]:
    """Return the rows of a packaged csv, e.g. ``standards/landuse_2023.csv``, as text by column."""
    content = files(__name__).joinpath(name).read_text(encoding="utf-8-sig")
    return tuple(csv.DictReader(io.StringIO(content, newline="")))


@cache
def read_settings(name: str) -> Any:
    """Return the content of a packaged YAML file, e.g. ``catalogue.yaml``. Treat it as read-only."""
    # libyaml, where PyYAML has it, reads the same ten times as fast.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(files(__name__).joinpath(name).read_text(encoding="utf-8"), Loader=loader)
