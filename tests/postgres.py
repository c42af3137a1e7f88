"""A real PostgreSQL with PostGIS for tests: a private cluster in a temporary folder, or the server ``HAOSHEQU_POSTGIS`` names."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

NAMED = "HAOSHEQU_POSTGIS"  # URL of a server whose user may create databases
INSTALL = "apt-get install postgresql-15-postgis-3 (Debian 12), or name a server in HAOSHEQU_POSTGIS"
OWNER, READER, SECRET = "postgres", "reader", "Geheim-密码-7391"
_ROOM = 1_000_000_000  # bytes
_TEMPLATE = f"hsq_template_{os.getpid()}"


@dataclass
class Server:
    """A server that runs.

    Attributes
    ----------
    head, tail : address before and after the name of a database.
    private : whether it is ours alone, with role ``READER`` that needs the password ``SECRET``.
    """

    head: str
    tail: str
    private: bool
    bases: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    def url(self, base: str, *, user: str = OWNER) -> str:
        """Return a database's address."""
        address = f"{self.head}{base}{self.tail}"
        return address.replace(f"//{OWNER}@", f"//{user}@") if self.private else address

    def name(self, url: str) -> str:
        """Return the name of the database at an address."""
        return url.removeprefix(self.head).partition("?")[0]

    def create(self, *, like: str = "") -> str:
        """Create a database with PostGIS, or a copy of that at the address ``like``, and return its address."""
        name = f"hsq_{os.getpid()}_{next(self._numbers)}"
        source = self.name(like) if like else _TEMPLATE
        self.ask("postgres", f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY FILE_COPY")
        self.bases.append(name)
        return self.url(name)

    def ask(self, base: str, query: str) -> list[tuple]:
        """Return the rows of a query, each its own transaction."""
        import psycopg

        with psycopg.connect(self.url(base), autocommit=True) as connection:
            cursor = connection.execute(query.encode())
            return cursor.fetchall() if cursor.description else []


def find_programs() -> Path | None:
    """Return the folder of the newest ``initdb`` whose server has PostGIS; None where there is none."""
    places = [Path(found).resolve().parent] if (found := shutil.which("initdb")) else []
    places += sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name), reverse=True
    )
    for place in places:
        if not (place / "initdb").is_file():
            continue
        told = subprocess.run(
            [place / "pg_config", "--sharedir"], capture_output=True, text=True, check=False
        )
        if told.returncode == 0 and (Path(told.stdout.strip()) / "extension/postgis.control").is_file():
            return place
    return None


def find_program(name: str) -> Path:
    """Return a client program; skips loudly where it is missing, as it may be beside a server elsewhere."""
    place = find_programs()
    found = place / name if place else Path(shutil.which(name) or "")
    if not found.is_file():
        pytest.skip(f"SKIPPED: {name} is not installed (apt-get install postgresql-client)")
    return found


def is_there() -> bool:
    """Whether tests have a server to run against."""
    return bool(os.environ.get(NAMED)) or find_programs() is not None


@contextmanager
def open_cluster() -> Iterator[Server]:
    """Start a server for the time of the block; skips loudly where PostgreSQL or PostGIS is missing."""
    if named := os.environ.get(NAMED):
        head, _, rest = named.partition("://")
        authority, _, query = rest.partition("?")
        tail = f"?{query}" if query else ""
        server = Server(f"{head}://{authority.partition('/')[0]}/", tail, private=False)
        try:
            yield _prepare(server)
        finally:
            _drop(server)
        return
    programs = find_programs()
    if programs is None:
        pytest.skip(f"SKIPPED: no PostgreSQL with PostGIS here; publication was not tested. {INSTALL}")
    # Short: a socket's path takes 107 bytes at most. initdb refuses to run as root.
    home = Path(tempfile.mkdtemp(prefix="hsq-pg-", dir=_find_memory()))
    who = _find_owner(home)
    data = home / "data"
    try:
        _run(
            [programs / "initdb", "-D", data, "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "-N"],
            who,
        )
        rules = (data / "pg_hba.conf").read_text(encoding="utf-8")
        (data / "pg_hba.conf").write_text(f"local all {READER} scram-sha-256\n{rules}", encoding="utf-8")
        options = (
            f"-c listen_addresses= -c unix_socket_directories={home} -c fsync=off -c full_page_writes=off"
        )
        options += " -c synchronous_commit=off -c timezone=UTC -c max_connections=20 -c autovacuum=off"
        control = [programs / "pg_ctl", "-D", data, "-l", home / "log", "-w"]
        _run([*control, "-o", options, "start"], who)
        try:
            server = Server(f"postgresql://{OWNER}@/", f"?host={home}", private=True)
            _prepare(server)
            server.ask("postgres", f"CREATE ROLE {READER} LOGIN PASSWORD '{SECRET}'")
            yield server
        finally:
            _run([*control, "-m", "immediate", "stop"], who)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _find_memory() -> Path | None:
    """Return a folder in memory with room enough, where the system has one: dozens of small databases are made."""
    place = Path("/dev/shm")
    roomy = place.is_dir() and os.access(place, os.W_OK) and shutil.disk_usage(place).free > _ROOM
    return place if roomy else None


def _find_owner(home: Path) -> dict[str, object]:
    """Return what makes a process run as somebody who may own a cluster."""
    if os.name == "nt" or os.geteuid() != 0:
        return {}
    import pwd

    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(home, entry.pw_uid, entry.pw_gid)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    pytest.skip("SKIPPED: run by root without a user postgres or nobody; publication was not tested")


def _run(words: list[object], who: dict[str, object]) -> None:
    done = subprocess.run(
        [str(word) for word in words],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd="/", env={"PATH": os.environ["PATH"], "LC_ALL": "C"}, **who,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def _prepare(server: Server) -> Server:
    server.ask("postgres", f"DROP DATABASE IF EXISTS {_TEMPLATE}")
    server.ask("postgres", f"CREATE DATABASE {_TEMPLATE} TEMPLATE template0 ENCODING 'UTF8'")
    server.ask(_TEMPLATE, "CREATE EXTENSION postgis")
    return server


def _drop(server: Server) -> None:
    for name in [*server.bases, _TEMPLATE]:
        server.ask("postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The server of this session of tests."""
    with open_cluster() as running:
        yield running


@pytest.fixture
def base(server: Server) -> str:
    """The address of a database of this test's own, with PostGIS and nothing else."""
    return server.create()
