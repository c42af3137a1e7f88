"""成果自检: every delivered file is opened again from disk and held against the requirements of the guideline.

Nothing of a run is used but the folder itself, so that a hand-in can be looked at after it was edited or moved.
"""

from pipeline.audit.audit import Audit, audit_handin

__all__ = ["Audit", "audit_handin"]
