"""Run a plan: each step whose key has changed, in the declared order; what stands is passed over."""

from __future__ import annotations

import logging
from pathlib import Path

from layers.faults import Fault, PlanFaults, refuse_write
from pipeline.deliver.tree import heal
from pipeline.engine.course import Course, run_stages
from pipeline.engine.last import find_current, is_current
from pipeline.engine.lock import hold
from pipeline.engine.outcome import DELIVER, NAMES, STEPS, Outcome
from pipeline.engine.progress import Progress, Silence, peak_memory_mb
from pipeline.engine.store import Store
from pipeline.plan import Plan
from pipeline.stages import STAGES

__all__ = [
    "STEPS", "Outcome", "Progress", "Silence", "is_current", "peak_memory_mb", "run_plan", "run_stages",
]  # fmt: skip

log = logging.getLogger("haoshequ")


def run_plan(
    plan: Plan,
    *,
    since: str | None = None,
    until: str | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Run what of a plan is not as it would be made now; where nothing is, do nothing and say so.

    Parameters
    ----------
    since : this step and those after it are run whether or not anything has changed; ``deliver`` draws every
        sheet again. Earlier ones are run where they are out of date.
    until : last step to run; ``deliver`` writes the hand-in.

    Raises
    ------
    PlanFaults
        If the inputs cannot be used, another process runs the plan, or the disk refuses. The earlier hand-in
        stays, and the quality report stands beside it.
    """
    step = progress or Silence()
    with hold(plan.output):
        try:
            swapped = heal(plan.output)
            if since is None and until in (None, DELIVER):
                made = find_current(plan)
                if made is not None:
                    return stand(plan, made.summary)
            handler = _follow(plan)
        except OSError as error:
            raise PlanFaults([refuse_write(error, plan.output)]) from error
        waiting = swapped if swapped is not None and not swapped.done else None
        try:
            return Course(plan, step, waiting=waiting).run(since=since, until=until)
        except OSError as error:
            log.exception("运行中止")
            raise PlanFaults([_refuse(error, plan)]) from error
        except PlanFaults as error:
            log.info("方案有错误，运行中止：%s", error)
            raise
        except KeyboardInterrupt:
            log.info("运行被中断；已完成的阶段下次不再重算")
            raise
        except Exception:
            log.exception("运行中止")
            raise
        finally:
            log.removeHandler(handler)
            handler.close()


def _refuse(error: OSError, plan: Plan) -> Fault:
    """Say what the disk refused: to be written to, or, outside of the plan's own folder, to be read from."""
    path = Path(error.filename) if isinstance(error.filename, str) else None
    if path is None or not path.is_absolute() or path.is_relative_to(plan.output):
        return refuse_write(error, plan.output)
    return Fault(
        "HSQ-F02", "文件在运行中不能读取", file=str(path), value=error.strerror or "",
        action="没有写出新成果，原有成果保持不变", remedy="检查网络位置是否断开、文件是否被移走或被其他程序独占，再运行",
    )  # fmt: skip


def stand(plan: Plan, summary: dict[str, int]) -> Outcome:
    """Return the outcome of a run that finds nothing to do; its layers can still be asked for."""
    outcome, store = Outcome(current=True, summary=summary, kept=list(NAMES)), Store(plan)
    for stage in STAGES:
        record = store.find(stage.name)
        if record is not None:
            outcome.frames.lend(store.paths(stage.name, record))
    return outcome


def _follow(plan: Plan) -> logging.Handler:
    plan.output.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(plan.output / "run.log", mode="w", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    return handler
