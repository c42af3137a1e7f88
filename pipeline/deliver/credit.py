"""What must be said wherever open data are shown."""

from __future__ import annotations

OPEN_DATA_NOTE = "基础数据 © OpenStreetMap 贡献者，ODbL 1.0，仅供方案参考，不作为权属与法定边界依据。"
