"""Whether a plan has to be run at all: told from hashes alone, without reading a layer or loading a heavy package.

``work/made.json`` says what the hand-in in place was made from. It is written last, when everything else is
done; a run that was stopped leaves the earlier one, which no longer fits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.engine.files import Papers, hash_file, hash_files, hash_inputs, hash_papers, replace_text
from pipeline.engine.program import hash_program
from pipeline.litter import is_litter
from pipeline.plan import Plan
from pipeline.plan.slice import hash_sections, list_sections
from pipeline.versions import read_versions

HANDIN, MANIFEST, FORM = "成果", "manifest.json", "decisions.xlsx"
_MADE = "work/made.json"
# There while a hand-in is being put in its place, and the report of a run that failed: a run clears them away.
_BESIDE = ("成果.new", "成果.prev", "成果.journal", "质检")


@dataclass(frozen=True)
class Made:
    """What a complete run was made from and what it left.

    Attributes
    ----------
    program : hash of the program.
    versions : of the packages by name.
    config : hash by section.
    files : hash of each input by name, the planner's decisions among them.
    papers : files that ledgers name; ``attached`` has their hashes.
    stored : hash of each file of ``work`` by relative name, with its folder.
    form : hash of the form for decisions; empty where none was written.
    manifest : hash of the hand-in's manifest, which has the hash of every file of it.
    summary : what the run had to say at its end.
    """

    program: str
    versions: dict[str, str]
    config: dict[str, str]
    files: dict[str, str]
    papers: Papers
    attached: dict[str, str]
    stored: dict[str, str]
    form: str
    manifest: str
    summary: dict[str, int]


def is_current(plan: Plan) -> bool:
    """Whether a run of the plan would find nothing to do: same inputs, same program, and all it left untouched."""
    return find_current(plan) is not None


def find_current(plan: Plan) -> Made | None:
    """Return what the last run left where nothing has changed since; None where a run has something to do."""
    try:
        return _find(plan)
    except OSError:  # a file cannot be asked just now; a run says which, or finds that it can
        return None


def _find(plan: Plan) -> Made | None:
    made = _read(plan)
    if made is None or any((plan.output / name).exists() for name in _BESIDE):
        return None
    same = (
        made.program == hash_program()
        and made.versions == read_versions(made.versions)
        and made.config == hash_sections(plan, list_sections(plan))
        and made.files == hash_inputs(plan) | hash_decided(plan)
        and made.attached == hash_papers(plan, made.papers)
        and made.form == _hash_form(plan)
        and made.stored == hash_files({name: plan.output / name for name in made.stored})
    )
    return made if same and not list_altered(plan, made.manifest) else None


def hash_decided(plan: Plan) -> dict[str, str]:
    """Return the hash of the planner's decisions by name; nothing where there are none."""
    return {plan.decisions.name: hash_file(plan.decisions)} if plan.decisions.is_file() else {}


def list_altered(plan: Plan, manifest: str) -> list[str]:
    """Return what of the hand-in is not as it was delivered: changed, gone or strange files, relative, sorted.

    Parameters
    ----------
    manifest : hash of the manifest that was delivered; it has the hashes of all other files.
    """
    folder = plan.output / HANDIN
    known = _read_manifest(folder / MANIFEST, manifest)
    if known is None:
        return [MANIFEST]
    there = {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_file() and not is_litter(path)
    }
    del there[MANIFEST]
    now = hash_files(there)
    return sorted(name for name in now.keys() | known.keys() if now.get(name) != known.get(name))


def note_made(
    plan: Plan,
    *,
    versions: dict[str, str],
    papers: Papers,
    attached: Mapping[str, str],
    stored: Mapping[str, str],
    files: Mapping[str, str],
    manifest: str,
    summary: dict[str, int],
) -> None:
    """Note what the hand-in in place was made from; call it last.

    Parameters
    ----------
    Hashes are those of when the content was taken, never of now: what changed meanwhile is noticed the next time.

    attached : hash of each file that a ledger names, before it was copied.
    stored : hash of each file of ``work`` that a later run builds on, by relative name, as it was written or checked.
    files : hashes of the inputs as they were when the run began.
    """
    made = Made(
        hash_program(), versions, hash_sections(plan, list_sections(plan)), dict(files), papers,
        dict(attached), dict(stored), _hash_form(plan), manifest, summary,
    )  # fmt: skip
    replace_text(plan.output / _MADE, json.dumps(asdict(made), ensure_ascii=False, indent=1))


def _hash_form(plan: Plan) -> str:
    path = plan.output / FORM
    return hash_file(path) if path.is_file() else ""


def _read(plan: Plan) -> Made | None:
    try:
        content = json.loads((plan.output / _MADE).read_text(encoding="utf-8"))
        papers = [(source, name) for source, name in content.pop("papers")]
        return Made(**content, papers=papers)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _read_manifest(path: Path, known: str) -> dict[str, str] | None:
    """Return the hash of each delivered file; None where the manifest is not the one that was delivered."""
    if not path.is_file() or hash_file(path) != known:
        return None
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return {item["path"]: item["sha256"] for item in content["files"]}
