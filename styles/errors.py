"""The two ways a style can fail."""


class StyleError(LookupError):
    """Raised when the style table is malformed or lacks a theme or class."""

    code = "HSQ-STYLE-001"


class GlyphError(ValueError):
    """Raised when text holds characters the sheet font cannot draw.

    Parameters
    ----------
    missing
        Missing character → the texts that use it.
    """

    code = "HSQ-STYLE-002"

    def __init__(self, missing: dict[str, list[str]]) -> None:
        self.missing = missing
        listed = "；".join(
            f"“{char}”(U+{ord(char):04X}) 见于“{texts[0]}”" for char, texts in sorted(missing.items())
        )
        super().__init__(f"{self.code} 图面字体缺少 {len(missing)} 个字符：{listed}。请改写这些文字。")
