"""What a stage depends on is found out from the sources: modules, data files, sections of the config."""

from __future__ import annotations

import ast
import platform
import re
import sys
from importlib import metadata
from pathlib import Path

import pytest

from pipeline.engine import program
from pipeline.engine.program import ROOMS, find_part, root
from pipeline.plan.models import Plan
from pipeline.plan.slice import PlanSlice, UndeclaredSectionError, hash_sections
from pipeline.stages import STAGES
from pipeline.versions import PACKAGES, read_versions
from tests.builders import make_plan

SOURCES = sorted(path for room in ROOMS for path in (root() / room).rglob("*.py"))
READERS = {"read_settings", "read_rows"}


def uses_by_parsing(path: Path) -> tuple[set[str], set[str]]:
    """What the engine finds by patterns, by parsing the source instead."""
    modules, data = set(), set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            there = {name for name in inner if program._find(name)}
            modules |= there | ({str(node.module)} if len(there) < len(inner) else set())
        elif isinstance(node, ast.Constant) and node.value in program._data_by_name():
            data.add(program._data_by_name()[node.value])
    return {name for name in modules if name.partition(".")[0] in ROOMS}, data


def test_what_a_module_uses_is_what_parsing_it_finds() -> None:
    count = 0
    for path in SOURCES:
        name = ".".join(path.relative_to(root()).with_suffix("").parts).removesuffix(".__init__")
        modules, data = uses_by_parsing(path)
        assert program._uses(name) == (modules, data), name
        count += len(modules) + len(data)
    assert count > 1000


def sections_read(module: str) -> set[str]:
    """Every section of the config that a module's source reads from something called ``plan``."""
    found = set()
    for node in ast.walk(ast.parse((root() / (module.replace(".", "/") + ".py")).read_bytes())):
        if not (isinstance(node, ast.Attribute) and node.attr in Plan.model_fields):
            continue
        owner = node.value
        name = (
            owner.id
            if isinstance(owner, ast.Name)
            else owner.attr
            if isinstance(owner, ast.Attribute)
            else ""
        )
        if name == "plan":
            found.add(node.attr)
    return found


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_every_section_that_the_code_of_a_stage_reads_is_declared(stage) -> None:
    read = {
        section
        for module in find_part(stage.module).modules
        if module.startswith(("pipeline.stages.", "pipeline.reach."))
        for section in sections_read(module)
    }
    assert read, "the search finds something"
    assert read <= {section.partition(".")[0] for section in stage.config}


# What of others' packages our sources import without a byte of a result depending on it: the console, the
# lock, the ways to a network, a database and a cluster.
HARMLESS = {"contextily", "dask", "dask-jobqueue", "distributed", "filelock", "psycopg", "pydantic_core", "requests", "rich", "typer"}  # fmt: skip


def test_every_package_that_makes_results_is_part_of_their_keys() -> None:
    trees = [ast.walk(ast.parse(path.read_bytes())) for path in SOURCES]
    names = {
        alias.name for tree in trees for node in tree if isinstance(node, ast.Import) for alias in node.names
    }
    trees = [ast.walk(ast.parse(path.read_bytes())) for path in SOURCES]
    names |= {str(node.module) for tree in trees for node in tree if isinstance(node, ast.ImportFrom)}
    foreign = {name.partition(".")[0] for name in names} - {*ROOMS, *sys.stdlib_module_names}
    known = metadata.packages_distributions()
    packages = {package for name in foreign for package in known.get(name, [name])}
    assert len(packages) > 25
    assert {package.lower() for package in packages - HARMLESS} <= set(PACKAGES)
    assert read_versions()["python"] == platform.python_version() and read_versions(["no such package"]) == {
        "no such package": ""
    }


def test_undeclared_sections_cannot_be_read_and_parts_of_a_block_can() -> None:
    plan = make_plan()
    seen = PlanSlice(plan, ("walking", "plan.first_year"))
    assert seen.walking is plan.walking and seen.plan.first_year == 2026
    assert seen.resolve(plan.delivery.folder) == plan.resolve(plan.delivery.folder)
    for read in (lambda: seen.idle, lambda: seen.plan.title, lambda: getattr(seen, "idle", None)):
        with pytest.raises(UndeclaredSectionError):
            read()


def test_a_section_has_the_same_hash_until_it_changes() -> None:
    one, two = make_plan(), make_plan(plan={"title": "别的名称"})
    before, after = (hash_sections(plan, ("plan.title", "plan.area", "walking")) for plan in (one, two))
    assert {name for name in before if before[name] != after[name]} == {"plan.title"}


def test_data_files_are_named_where_they_are_read() -> None:
    """The search for data files goes by texts in the code: a name put together at run time would escape it."""
    trees = {path: ast.parse(path.read_bytes()) for path in SOURCES}
    # A name that holds such a text is imported from its module, which then belongs to the part as well.
    named = {
        target.id
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and str(node.value.value).endswith((".yaml", ".csv"))
    }
    calls = [
        (path, node.args[0])
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in READERS
    ]
    assert len(calls) > 100
    plain = (ast.Constant,)
    built = [
        f"{path.name}:{given.lineno}"
        for path, given in calls
        if not isinstance(given, plain) and not (isinstance(given, ast.Name) and given.id in named)
    ]
    # The outline of the text names its settings itself, and what a data file names belongs to it.
    assert {place.partition(":")[0] for place in built} == {"values.py"} and len(built) == 1
    assert {"configs/text_outline.yaml", "configs/review.yaml"} <= {
        *find_part("pipeline.deliver.document").data
    }


def test_nothing_is_imported_by_a_name_made_at_run_time() -> None:
    told = re.compile(r"\b(import_module|__import__)\(")
    assert [path.name for path in SOURCES if told.search(path.read_text(encoding="utf-8"))] == []


def test_packages_do_nothing_by_being_imported() -> None:
    """So an ``__init__`` that is only passed on the way to a module need not count."""
    still = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.FunctionDef, ast.ClassDef)
    busy = [
        path.relative_to(root()).as_posix()
        for path in SOURCES
        if path.name == "__init__.py"
        for node in ast.parse(path.read_bytes()).body
        if not isinstance(node, still)
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]
    assert busy == []


def test_the_part_of_a_stage_is_what_it_uses_and_no_more() -> None:
    part = find_part("pipeline.stages.network")
    assert {"pipeline.stages.network", "pipeline.stages.edges", "layers.model", "pipeline.stages.base"} <= {
        *part.modules
    }
    assert not {"pipeline.stages.load", "pipeline.stages.matching", "pipeline.deliver.handin"} & {
        *part.modules
    }
    assert "configs/network.yaml" in part.data and "configs/matching.yaml" not in part.data
    with pytest.raises(LookupError):
        find_part("pipeline.stages.nowhere")


def test_tables_named_in_a_data_file_belong_to_it() -> None:
    assert "configs/standards/divisions_36.csv" in find_part("layers.divisions").data
