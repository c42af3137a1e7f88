"""A list of division codes among the files, the county the plan is in, and codes that no list can know."""

from __future__ import annotations

import csv
import re
from importlib.resources import as_file, files
from pathlib import Path

from configs import read_settings
from layers.divisions import read_divisions
from layers.faults import PlanFaults
from layers.read.contents import Part
from layers.values import fold_text
from pipeline.begin.findings import Findings

_FOLDER = re.compile(r"^(streets|villages|areas|cities|provinces)(\.\d\d)?\.csv(\.gz)?$")
# Prefectures are numbered from 01 and 51, counties run by a province 90 (GB/T 2260); nothing is 99.
_NOWHERE = re.compile(r"^\d{2}99\d{2}$")
_MOSTLY = 0.9


def is_list_file(path: Path) -> bool:
    """Whether a file is one of a folder of division lists, by its name."""
    return _FOLDER.match(path.name) is not None


def is_division_list(part: Part) -> bool:
    """Whether a csv is a list of all levels, as ``check`` takes it: ``code`` and ``name``, codes of 9 and of 12 digits.

    Communities of a plan have codes of 12 digits only.
    """
    if part.path.suffix.lower() != ".csv" or not {"code", "name"} <= set(map(str, part.table.columns)):
        return False
    codes = fold_text(part.table["code"]).dropna()
    levels = codes.str.len().where(codes.str.fullmatch(r"\d+"))
    return bool(levels.isin([2, 4, 6, 9, 12]).mean() > _MOSTLY) and {9, 12} <= set(
        levels.dropna().astype(int)
    )


def settle_region(findings: Findings) -> None:
    """Complete what is known of the county: its code by the street, its name by the code; name a code of nowhere."""
    if not findings.region and findings.street and findings.divisions is not None:
        findings.region = _find_county(findings.divisions, findings.street)
    if not findings.region:
        return
    counties = _read_counties(findings.divisions, findings.region[:2])
    findings.region_name = findings.region_name or counties.get(findings.region, "")
    if counties and findings.region not in counties:
        if _NOWHERE.match(findings.region):
            findings.fictional = (findings.region,)
        findings.region_doubt = f"{findings.region} 不在区划代码表内"


def _find_county(path: Path, street: str) -> str:
    """Return the county of a street's name where only one has it; empty otherwise."""
    try:
        rows = _read_rows(path, "streets")
        counties = {row.get("areaCode", "") for row in rows if row.get("name") == street}
        if path.is_file():
            streets = read_divisions(path, province="").streets
            counties = set(streets.loc[streets["name"] == street, "areaCode"])
    except PlanFaults:
        return ""
    return counties.pop() if len(counties) == 1 else ""


def _read_counties(path: Path | None, province: str) -> dict[str, str]:
    """Return names of counties by code: of the plan's own list, else of the one that travels with the program."""
    if path is not None:
        rows = _read_rows(path, "areas")
        if not rows:
            return {}
    else:
        known = read_settings("standards/divisions.yaml").get(province)
        if known is None:
            return {}
        with as_file(files("configs").joinpath("standards", known["file"])) as shipped:
            rows = _read_rows(shipped, "")
    return {row["code"]: row["name"] for row in rows if len(row["code"]) == 6}


def _read_rows(path: Path, stem: str) -> list[dict[str, str]]:
    """Return the rows of a list, or of the file of a folder that holds one level."""
    found = path if path.is_file() else next(iter(sorted(path.glob(f"{stem}.*csv"))), None)
    if found is None:
        return []
    with found.open(encoding="utf-8-sig", newline="", errors="replace") as stream:
        return [row for row in csv.DictReader(stream) if row.get("code") and row.get("name")]
