"""Elements of ISO/TS 19139:2007: geographic metadata of ISO 19115:2003 as XML."""

from __future__ import annotations

from datetime import date
from xml.etree import ElementTree as ET

GMD = "http://www.isotc211.org/2005/gmd"
GCO = "http://www.isotc211.org/2005/gco"
GML = "http://www.opengis.net/gml/3.2"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
# The address under which the standard lists its codes; nothing is read from it.
_CODES = "http://standards.iso.org/ittf/PubliclyAvailableStandards/ISO_19139_Schemas/resources/codelist/gmxCodelists.xml"
_SCHEMA = "http://schemas.opengis.net/iso/19139/20070417/gmd/gmd.xsd"
_PREFIXES = {"gmd": GMD, "gco": GCO, "gml": GML, "xsi": XSI}


def make_root(name: str) -> ET.Element:
    """Return the document's root element ``gmd:name`` with its schema named."""
    return ET.Element(f"{{{GMD}}}{name}", {f"{{{XSI}}}schemaLocation": f"{GMD} {_SCHEMA}"})


def add_class(parent: ET.Element, role: str, name: str) -> ET.Element:
    """Add ``gmd:role`` holding ``gmd:name`` and return the latter."""
    return ET.SubElement(add_role(parent, role), f"{{{GMD}}}{name}")


def add_role(parent: ET.Element, role: str) -> ET.Element:
    """Add an empty ``gmd:role`` and return it."""
    return ET.SubElement(parent, f"{{{GMD}}}{role}")


def add_value(parent: ET.Element, role: str, kind: str, value: str) -> None:
    """Add ``gmd:role`` holding one ``gco:kind`` with a value."""
    ET.SubElement(add_role(parent, role), f"{{{GCO}}}{kind}").text = value


def add_text(parent: ET.Element, role: str, text: str) -> None:
    """Add a character string; an empty one is said to be missing."""
    if text:
        add_value(parent, role, "CharacterString", text)
    else:
        add_nothing(parent, role, "missing")


def add_nothing(parent: ET.Element, role: str, why: str) -> None:
    """Add a role without value and the reason the standard has for it: missing, inapplicable, unknown …"""
    add_role(parent, role).set(f"{{{GCO}}}nilReason", why)


def add_code(parent: ET.Element, role: str, codes: str, value: str) -> None:
    """Add a value of one of the standard's code lists."""
    code = add_class(parent, role, codes)
    code.set("codeList", f"{_CODES}#{codes}")
    code.set("codeListValue", value)
    code.text = value


def add_date(parent: ET.Element, role: str, day: date, kind: str) -> None:
    """Add a ``CI_Date``: creation, publication or revision."""
    found = add_class(parent, role, "CI_Date")
    add_value(found, "date", "Date", day.isoformat())
    add_code(found, "dateType", "CI_DateTypeCode", kind)


def add_party(parent: ET.Element, role: str, organisation: str, duty: str) -> None:
    """Add an organisation and what it answers for: author, pointOfContact …"""
    party = add_class(parent, role, "CI_ResponsibleParty")
    add_text(party, "organisationName", organisation)
    add_code(party, "role", "CI_RoleCode", duty)


def add_instant(parent: ET.Element, role: str, identifier: str, when: str) -> None:
    """Add an instant of time as GML writes it."""
    instant = ET.SubElement(add_role(parent, role), f"{{{GML}}}TimeInstant", {f"{{{GML}}}id": identifier})
    ET.SubElement(instant, f"{{{GML}}}timePosition").text = when


def add_record(parent: ET.Element, role: str, text: str) -> None:
    """Add a ``gco:Record``, the value of a quality measure."""
    add_value(parent, role, "Record", text)


def render(root: ET.Element) -> bytes:
    """Return the document as UTF-8, indented; the same tree gives the same bytes."""
    for prefix, address in _PREFIXES.items():
        ET.register_namespace(prefix, address)
    ET.indent(root, " ")
    return ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"
