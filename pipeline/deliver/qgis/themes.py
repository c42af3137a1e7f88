"""Map themes: which lines of the tree a sheet shows, each in which of its styles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree as Tree

from pipeline.deliver.looks import style_layer
from pipeline.deliver.qgis.entries import Entry, Group, layer_id
from pipeline.deliver.qgis.nodes import add
from pipeline.deliver.qgis.views import Showing
from styles import symbol
from styles.look import Entry as Class
from styles.look import Look
from styles.qml_parts import write_cover, write_parts

_PLAIN = "默认"


@dataclass
class Wardrobe:
    """Every style of every line, by name; the same look is written once however many sheets use it."""

    entries: Sequence[Entry]
    styles: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for entry in self.entries:
            if entry.cover is not None:
                look = Look(
                    "polygon", (Class(symbol(entry.cover["theme"], entry.cover["value"]), rest=True),)
                )
                self.styles[entry.key] = {_PLAIN: write_cover(look)}
            elif entry.key == entry.source.code:
                self.styles[entry.key] = {style.name: style.qml for style in style_layer(entry.source)}
            else:
                self.styles[entry.key] = {}

    def current(self, key: str) -> str:
        """Return the style a line opens with."""
        return next(iter(self.styles[key]))

    def take(self, key: str, qml: str, name: str, number: str) -> str:
        """Return the name of a style, kept under ``name`` or, where that is another one's, with the sheet's number."""
        there = self.styles[key]
        for known, content in there.items():
            if content == qml:
                return known
        chosen = name if name not in there else f"{name}（{number}）"
        there[chosen] = qml
        return chosen


@dataclass(frozen=True)
class Theme:
    """What is on in a sheet: the name of the style by line of the tree."""

    name: str
    styles: Mapping[str, str]


def dress_theme(name: str, number: str, showing: Showing, wardrobe: Wardrobe, *, cover: str = "") -> Theme:
    """Return the theme of a sheet; ``cover`` is the line that covers what lies outside."""
    chosen = {
        key: wardrobe.take(key, write_parts(shown.parts), "＋".join(dict.fromkeys(shown.words)), number)
        for key, shown in showing.lines.items()
    }
    if cover in wardrobe.styles:
        chosen[cover] = wardrobe.current(cover)
    return Theme(name, chosen)


def add_themes(parent: Tree.Element, themes: Sequence[Theme], groups: Sequence[Group]) -> None:
    """Add the themes, lines in the order of the tree."""
    holder = add(parent, "visibility-presets")
    for theme in themes:
        preset = Tree.SubElement(
            holder, "visibility-preset",
            {"name": theme.name, "has-expanded-info": "1", "has-checked-group-info": "1"},
        )  # fmt: skip
        checked = add(preset, "checked-group-nodes")
        for group in groups:
            on = [entry.key for entry in group.entries if entry.key in theme.styles]
            for key in on:
                add(preset, "layer", id=layer_id(key), style=theme.styles[key], visible=True, expanded=False)
            if on:
                add(checked, "checked-group-node", id=group.name)
        add(preset, "expanded-group-nodes")
