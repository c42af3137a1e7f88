"""How everything looks: one symbol table, fonts, furniture.  A leaf of the house."""

from styles.errors import GlyphError, StyleError
from styles.table import Symbol, has_symbol, load_symbols, symbol, theme_symbols

__all__ = [
    "GlyphError",
    "StyleError",
    "Symbol",
    "has_symbol",
    "load_symbols",
    "symbol",
    "theme_symbols",
]
