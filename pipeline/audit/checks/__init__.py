"""All checks; importing the package registers them."""

from pipeline.audit.checks import (
    cad,
    database,
    documents,
    facilities,
    files,
    manifest,
    numbers,
    planning,
    privacy,
    process,
    sheets,
    tables,
    topology,
)

__all__ = [
    "cad",
    "database",
    "documents",
    "facilities",
    "files",
    "manifest",
    "numbers",
    "planning",
    "privacy",
    "process",
    "sheets",
    "tables",
    "topology",
]
