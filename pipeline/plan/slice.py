"""Parts of the config: what a stage declares that it reads, which is all it can read and all its key holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from pipeline.plan.models import Plan


class UndeclaredSectionError(LookupError):
    """Raised when a stage reads a section of the config that its declaration does not name."""


class PlanSlice:
    """A plan of which only some sections can be read.

    Parameters
    ----------
    plan : the whole.
    sections : keys of the config, dotted where one key of a block is enough (``plan.first_year``).
    """

    def __init__(self, plan: Plan, sections: Collection[str]) -> None:
        self._plan = plan
        self._block: Any = plan
        self._sections = frozenset(sections)
        self._where = ""

    def resolve(self, path: Path) -> Path:
        """Return ``path`` against the folder of the config file."""
        return self._plan.resolve(path)

    def __getattr__(self, name: str) -> Any:
        """Return a declared section; of a block declared in parts, a slice of the block.

        Raises
        ------
        UndeclaredSectionError
            If the section is not declared.
        """
        if name.startswith("__"):
            raise AttributeError(name)
        if name in self._sections:
            return getattr(self._block, name)
        inner = {
            rest for head, _, rest in (s.partition(".") for s in self._sections) if head == name and rest
        }
        if not inner:
            raise UndeclaredSectionError(f"config section {self._where + name!r} is read but not declared")
        part = PlanSlice(self._plan, inner)
        part._block, part._where = getattr(self._block, name), f"{self._where}{name}."
        return part


def hash_sections(plan: Plan, sections: Collection[str]) -> dict[str, str]:
    """Return one hash by section of what the config says there."""
    content = plan.model_dump(mode="json")
    found = {}
    for section in sorted(sections):
        value: Any = content
        for key in section.split("."):
            value = value[key]
        text = json.dumps(value, ensure_ascii=False)
        found[section] = hashlib.sha256(text.encode()).hexdigest()
    return found


def list_sections(plan: Plan) -> tuple[str, ...]:
    """Return every section that what is delivered may depend on: all but where it is put."""
    blocks = [name for name in type(plan).model_fields if name != "delivery"]
    return (*blocks, *(f"delivery.{key}" for key in type(plan.delivery).model_fields if key != "folder"))
