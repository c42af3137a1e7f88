"""The keys of the config: all of their names, and what each is by its own description."""

from __future__ import annotations

from typing import Any

from pipeline.plan.models import Plan


def find_meaning(where: tuple[int | str, ...], model: Any = Plan) -> str:
    """Return the description of the key a fault is about; empty where it is inside a table of free keys."""
    said = ""
    for part in where:
        if isinstance(part, int):
            continue
        found = getattr(model, "model_fields", {}).get(part)
        if found is None:
            return said
        said = found.description or ""
        waiting: list[Any] = [found.annotation]
        while waiting:
            item = waiting.pop(0)
            if hasattr(item, "model_fields"):
                model = item
                break
            waiting.extend(getattr(item, "__args__", ()))
    return said


def list_keys(model: Any = Plan) -> list[str]:
    """Every key of every block, for the "did you mean" of an unknown one."""
    names: set[str] = set()
    waiting: list[Any] = [model]
    seen: set[Any] = set()
    while waiting:
        model = waiting.pop()
        if model in seen or not hasattr(model, "model_fields"):
            waiting.extend(a for a in getattr(model, "__args__", ()) if a not in seen)
            continue
        seen.add(model)
        for name, info in model.model_fields.items():
            names.add(name)
            waiting.append(info.annotation)
    return sorted(names)
