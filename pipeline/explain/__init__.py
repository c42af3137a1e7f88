"""How a need, resource, match, site, project, phase or amount came about, from the stored stage results of a plan."""

from pipeline.explain.records import Records, open_records
from pipeline.explain.story import Section, tell
from pipeline.explain.sums import find_amount, find_phase, tell_amount, tell_phase

__all__ = ["Records", "Section", "account", "open_records", "tell"]


def account(records: Records, word: str) -> list[Section]:
    """Return the account of whatever an id or a phase names.

    Raises
    ------
    PlanFaults
        If nothing has this id, with the nearest ones.
    """
    amount = find_amount(records, word)
    if amount is not None:
        return tell_amount(records, amount)
    rows = find_phase(records, word) if word.strip() not in records.known else []
    return tell_phase(rows) if rows else tell(records, records.find(word))
