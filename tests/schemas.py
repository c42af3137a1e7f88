"""The published XSDs of ISO/TS 19139, where a package that carries them is installed; nothing is downloaded."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

# pycsw (MIT) packs ISO/TC 211's schemas of 2007-04-17, edition 2012-07-13, and OGC's GML 3.2.1 with relative addresses.
_HOLDER = "pycsw"
_GMD = "pycsw/plugins/profiles/apiso/schemas/ogc/iso/19139/20070417/gmd/gmd.xsd"


def open_schema() -> Any:
    """Return the schema of ``gmd``, ready to validate; skips loudly where packages are missing."""
    etree = pytest.importorskip("lxml.etree", reason="SKIPPED: lxml is not installed; no XSD was checked")
    try:
        path = Path(str(metadata.distribution(_HOLDER).locate_file(_GMD)))
    except metadata.PackageNotFoundError:
        pytest.skip("SKIPPED: no XSD was checked; pip install --no-deps -c constraints.txt pycsw")
    assert path.is_file()
    return etree.XMLSchema(etree.parse(str(path), etree.XMLParser(no_network=True)))


def list_breaches(schema: Any, document: bytes) -> list[str]:
    """Return what the schema finds wrong with a document, line by line."""
    from lxml import etree

    schema.validate(etree.fromstring(document, etree.XMLParser(no_network=True)))
    return [f"{error.line}: {error.message}" for error in schema.error_log]
