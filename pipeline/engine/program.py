"""The program itself as an input: which of our modules and data files a part of it uses, hashed by content.

Read statically from the sources, so the same in a working copy and in an installed wheel, and without importing
anything. A result whose key holds the hash of its part is made anew when one line of that part changes, and
stays when another part does.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOMS = ("pipeline", "layers", "styles", "configs")
_DATA = (".csv", ".yaml")
# Import statements wherever they stand: package and names, or plain names.
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n#(]+)|import[ \t]+([^\n#]+))", re.MULTILINE
)
_NAMED = re.compile(r"""["']([^"'\n]+\.(?:csv|yaml))["']""")


@dataclass(frozen=True)
class Part:
    """What a part of the program is made of.

    Attributes
    ----------
    modules : dotted names of our modules, sorted.
    data : packaged data files they name, relative to the folder of the packages, sorted.
    """

    modules: tuple[str, ...]
    data: tuple[str, ...]

    @property
    def code(self) -> str:
        """Hash of the sources."""
        return _digest(_path_of(name).relative_to(root()).as_posix() for name in self.modules)

    @property
    def standards(self) -> str:
        """Hash of the data files."""
        return _digest(self.data)


def root() -> Path:
    """Return the folder our packages lie in."""
    return Path(__file__).resolve().parents[2]


@cache
def hash_program() -> str:
    """Return one hash of every source and data file of ours; this process runs them as they were at its start."""
    return _digest(_list_files())


@cache
def find_part(*starts: str) -> Part:
    """Return all of our modules that some use, directly or through others, with the data files these name.

    A package's own ``__init__`` counts where something is taken from it, not where it is only passed on the way
    to a module inside: ours say what a package is about and hold no state.

    Parameters
    ----------
    starts : dotted names of modules.

    Raises
    ------
    LookupError
        If there is no such module.
    """
    seen: set[str] = set()
    waiting = list(starts)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += _uses(name)[0] - seen
    named = {file for name in seen for file in _uses(name)[1]}
    return Part(tuple(sorted(seen)), tuple(sorted(_follow(named))))


@cache
def _list_files() -> tuple[str, ...]:
    """Return every source and data file of ours, relative, sorted."""
    found = (
        path.relative_to(root()).as_posix()
        for room in ROOMS
        for path in (root() / room).rglob("*")
        if path.suffix in {".py", *_DATA} and "__pycache__" not in path.parts
    )
    return tuple(sorted(found))


@cache
def _data_by_name() -> dict[str, str]:
    """Return our data files by their bare name, and by their name below the package."""
    files = [name for name in _list_files() if name.endswith(_DATA)]
    return {Path(name).name: name for name in files} | {name.partition("/")[2]: name for name in files}


@cache
def _hash_one(name: str) -> str:
    return hashlib.sha256((root() / name).read_bytes()).hexdigest()


def _digest(names: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for name in names:
        digest.update(f"{name}\n{_hash_one(name)}\n".encode())
    return digest.hexdigest()


@cache
def _find(module: str) -> Path | None:
    """Return the source of a module of ours; None when there is no such module."""
    path = root().joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return path if path.is_file() else None


def _path_of(module: str) -> Path:
    path = _find(module)
    if path is None:
        raise LookupError(f"no module {module!r} below {root()}")
    return path


@cache
def _uses(module: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return our modules that a module imports anywhere in it, and the data files its texts name."""
    # Patterns, not ``ast``: parsing four hundred modules took a tenth of a small plan's run. The tests hold this
    # against ``ast`` for every module there is.
    source = _path_of(module).read_text(encoding="utf-8")
    modules: set[str] = set()
    for package, names, plain in _IMPORT.findall(source):
        if plain:
            modules |= {name for name in _split_names(plain) if _is_ours(name)}
        elif _is_ours(package):
            modules |= set(_resolve(package, _split_names(names.strip("()"))))
    data = {_data_by_name()[name] for name in _NAMED.findall(source) if name in _data_by_name()}
    return frozenset(modules), frozenset(data)


def _split_names(text: str) -> list[str]:
    """Return the names of an import without what they are called here; comments between them are none."""
    parts = re.sub(r"#[^\n]*", "", text).split(",")
    return [part.split()[0] for part in parts if part.strip()]


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in ROOMS


def _resolve(module: str, names: Iterable[str]) -> Iterator[str]:
    """Yield what ``from module import names`` uses: submodules by their name, the module itself for the rest."""
    for name in names:
        inner = f"{module}.{name}"
        yield inner if _find(inner) else module


def _follow(named: set[str]) -> set[str]:
    """Return data files with those that they name in turn, such as a table of codes listed in a YAML file."""
    found: set[str] = set()
    waiting = set(named)
    while waiting:
        name = waiting.pop()
        found.add(name)
        text = (root() / name).read_text(encoding="utf-8-sig")
        inner = {file for bare, file in _data_by_name().items() if bare in text and bare != Path(name).name}
        waiting |= inner - found
    return found
