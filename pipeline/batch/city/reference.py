"""The city config explained, generated from its models like that of a plan."""

from __future__ import annotations

from pathlib import Path

from pipeline.batch.city.config import City
from pipeline.plan.reference import write_page, write_schema

PAGE, SCHEMA = "全市配置说明.md", "city.schema.json"
_MADE_BY = "`pipeline/batch/city/config.py` 生成（`python -m pipeline.batch.city.reference`）"


def write_city_page() -> str:
    """Return the reference page in Markdown."""
    return write_page(City, title="全市配置说明", made_by=_MADE_BY)


def write_city_schema() -> str:
    """Return the JSON schema."""
    return write_schema(City)


def main() -> None:
    """Write both files beside the configs."""
    folder = Path(__file__).resolve().parents[3] / "configs"
    (folder / SCHEMA).write_text(write_city_schema(), encoding="utf-8")
    (folder / PAGE).write_text(write_city_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
