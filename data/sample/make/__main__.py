"""Make the sample: ``python data/sample/make [folder]``. The same bytes every time."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# openpyxl writes other bytes where lxml happens to be installed; the standard library is everywhere.
os.environ["OPENPYXL_LXML"] = "False"
sys.path.insert(0, str(Path(__file__).parent))

import facilities as fc
import people
import writers as wr
from export import write_sample
from tiny import write_tiny
from town import make_town
from truth import make_truth, write_truth


def make_all(out: Path) -> None:
    """Write the sample's inputs, its truth and the tiny plan below ``out``."""
    town = make_town()
    people.settle(town.buildings)
    people.settle(town.outside, topic="people outside")
    services = fc.make_facilities(town)
    truth = make_truth(town, services)
    write_sample(out / "输入", town, services)
    wr.write_text(out / "真值.yaml", write_truth(truth))
    write_tiny(out / "tiny")


if __name__ == "__main__":
    make_all(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1])
