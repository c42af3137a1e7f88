"""Run the checks of a hand-in and say requirement by requirement what they come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.audit import checks as _checks
from pipeline.audit.findings import BROKEN, MET, PERSON, VERDICTS, VOID, Checked, Spot, run_check
from pipeline.audit.folder import PUBLIC, SHEETS, HandIn
from pipeline.audit.rules import Rule, Wanted, load_others, load_rules

REGISTERED = _checks.__all__


@dataclass(frozen=True)
class Ruling:
    """A requirement's verdict.

    Attributes
    ----------
    verdict : 符合, 不符合, 需人工 or 不适用.
    said : why, in one line.
    spots : what is wrong, then what a person must look at, then what was read.
    """

    rule: Rule
    verdict: str
    said: str
    spots: tuple[tuple[str, Spot], ...]


@dataclass
class Audit:
    """What the audit of a hand-in came to.

    Attributes
    ----------
    rulings : one a requirement, in the order of requirements.csv.
    checked : every check that was run, with its options.
    handin : the folder, for small pictures of its sheets.
    """

    handin: HandIn
    rulings: list[Ruling]
    checked: dict[Wanted, Checked]

    @property
    def counts(self) -> dict[str, int]:
        """Requirements by verdict."""
        found = Counter(ruling.verdict for ruling in self.rulings)
        return {verdict: found.get(verdict, 0) for verdict in VERDICTS}

    @property
    def broken(self) -> list[Checked]:
        """Checks that found something wrong."""
        return [item for item in self.checked.values() if item.wrong]

    @property
    def unfinished(self) -> list[Checked]:
        """Checks that were stopped by what they did not foresee."""
        return [item for item in self.checked.values() if item.broken_off]

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong, nothing was changed, and every check came to its end."""
        clean = not self.broken and not any(ruling.verdict == BROKEN for ruling in self.rulings)
        return clean and not self.unfinished


def audit_handin(
    root: Path, *, parameters: Mapping[str, Any] | None = None, only: Collection[str] = ()
) -> Audit:
    """Check a hand-in.

    Parameters
    ----------
    root : its folder.
    parameters : the plan config, while the hand-in is being made and has no manifest.
    only : names of the checks to run; all by default. Requirements they alone do not decide are left out.
    """
    handin = HandIn(root, parameters=parameters)
    if not only:
        _look_ahead(handin)
    wanted: dict[Wanted, None] = {}
    for rule in load_rules():
        wanted |= dict.fromkeys(rule.checks)
    wanted |= dict.fromkeys(load_others())
    chosen = [one for one in wanted if not only or one.name in only]
    checked = {one: run_check(one.name, handin, one.given) for one in chosen}
    rulings = [decide(rule, checked) for rule in load_rules() if all(one in checked for one in rule.checks)]
    return Audit(handin, rulings, checked)


def decide(rule: Rule, checked: Mapping[Wanted, Checked]) -> Ruling:
    """Return a requirement's verdict: wrong before doubtful before met; met only on what was really read."""
    results = [checked[one] for one in rule.checks]
    wrong = [("不符合", spot) for item in results for spot in item.wrong]
    doubts = [("需人工", spot) for item in results for spot in item.doubts]
    # What a check read is no ground for anything where the same check found it wrong.
    seen = [("依据", spot) for item in results if not item.wrong for spot in item.seen]
    voids = [item.void for item in results if item.void]
    applies = [item for item in results if not item.void]
    if rule.person and applies:
        doubts.insert(0, ("需人工", Spot(rule.person, rule.look)))
    spots = tuple(wrong + doubts + seen)
    if wrong:
        more = f"等 {len(wrong)} 处" if len(wrong) > 1 else ""
        return Ruling(rule, BROKEN, wrong[0][1].said + more, spots)
    if not applies:
        return Ruling(rule, VOID, "；".join(dict.fromkeys(voids)), spots)
    if doubts:
        more = f"等 {len(doubts)} 处" if len(doubts) > 1 else ""
        return Ruling(rule, PERSON, doubts[0][1].said + more, spots)
    if not seen:
        return Ruling(rule, PERSON, "没有读到可作依据的内容，请人工核对", spots)
    said = "；".join(dict.fromkeys(spot.said for _, spot in seen[:3]))
    return Ruling(rule, MET, said, spots)


def _look_ahead(handin: HandIn) -> None:
    """Read the pictures beside: decoding leaves the interpreter free for the other checks."""
    # Only what a check asks for: a file nobody waits for would still be open when a zip's folder is removed.
    handin.start_pictures(
        name for folder in (SHEETS, PUBLIC) for name in handin.under(folder, ".jpg", ".jpeg")
    )
