"""Kill runs of the tiny plan at random moments, finish them, and compare what they hand in with an undisturbed run.

``python -m benchmarks.crash`` kills thirty fresh runs once each, then one run thirty times in a row (kill -9 of
the run and, as the system then does, its workers). Every hand-in has to be the undisturbed one byte for byte, and
after every kill the hand-in before has to be whole: ``成果`` or, inside the swap, ``成果.prev``.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

_ROOT = Path(__file__).resolve().parents[1]
_ENTRY = (sys.executable, "-c", "from pipeline.cli import main; main()")
_CHANGED = "first_year: 2027", "first_year: 2028"


def place_plan(home: Path) -> Path:
    """Copy the tiny plan with its inputs below ``home`` and return its config."""
    config = home / "configs/tiny.yaml"
    config.parent.mkdir(parents=True)
    shutil.copy(_ROOT / "configs/tiny.yaml", config)
    shutil.copytree(_ROOT / "data/sample/tiny", home / "data/sample/tiny")
    return config


def run(config: Path, *, seconds: float | None = None) -> int:
    """Run a plan, killed after ``seconds`` where they are given; return its exit code."""
    env = {**os.environ, "PYTHONPATH": str(_ROOT), "PYTHONUTF8": "1"}
    work = subprocess.Popen([*_ENTRY, "run", str(config), "--quiet"], cwd=config.parent, env=env)
    try:
        return work.wait(seconds)
    except subprocess.TimeoutExpired:
        work.kill()
        return work.wait()


def list_bytes(folder: Path) -> dict[str, bytes]:
    """Return every file below ``folder`` by its relative name."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def find_whole(output: Path) -> dict[str, bytes]:
    """Return the hand-in that stands after a kill; nothing where there is none."""
    return next((list_bytes(output / name) for name in ("成果", "成果.prev") if (output / name).is_dir()), {})


def sum_up(files: dict[str, bytes]) -> str:
    """Return one hash of a hand-in."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + hashlib.sha256(files[name]).digest())
    return digest.hexdigest()


def main() -> int:
    """Print what was killed, where, and whether the bytes are the same; 1 where they are not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fresh", type=int, default=30, help="fresh runs, each killed once")
    parser.add_argument("--kills", type=int, default=30, help="kills of one run in a row")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    console, rng = Console(), random.Random(given.seed)
    with tempfile.TemporaryDirectory() as folder:
        wrong = kill_all(Path(folder), given.fresh, given.kills, rng, console)
    console.print(f"wrong: {wrong}" if wrong else "every hand-in is the undisturbed one, byte for byte")
    return 1 if wrong else 0


def kill_all(home: Path, fresh: int, kills: int, rng: random.Random, console: Console) -> int:
    """Kill and finish; return how many hand-ins were not as they should be."""
    calm = place_plan(home / "calm")
    begun = time.perf_counter()
    assert run(calm) == 0
    whole_s = time.perf_counter() - begun
    wanted = find_whole(home / "calm/output/tiny")
    console.print(f"an undisturbed run: {whole_s:.1f} s, {len(wanted)} files")
    wrong, killed, life_s = 0, 0, whole_s
    while killed < fresh:
        place = home / f"fresh{killed}"
        config = place_plan(place)
        seconds, begun = rng.uniform(0.3, life_s), time.perf_counter()
        code = run(config, seconds=seconds)
        if code == 0:  # done before its time was up: the machine is quicker now than it was
            life_s = time.perf_counter() - begun
            shutil.rmtree(place)
            continue
        killed += 1
        stages = sorted(p.parent.name for p in place.glob("output/tiny/work/*/stage.json"))
        assert run(config) == 0
        same = find_whole(place / "output/tiny") == wanted
        wrong += not same
        console.print(
            f"fresh {killed:2}: killed at {seconds:5.1f} s, {len(stages):2} steps stored, same: {same}"
        )
        shutil.rmtree(place)
    return wrong + kill_in_a_row(home, kills, rng, console, whole_s=whole_s, calm=calm, wanted=wanted)


def kill_in_a_row(
    home: Path,
    kills: int,
    rng: random.Random,
    console: Console,
    *,
    whole_s: float,
    calm: Path,
    wanted: dict[str, bytes],
) -> int:
    """Kill one run again and again over an earlier hand-in, which has to stand all the while; then finish it."""
    texts = [calm.read_text(encoding="utf-8")]
    texts.append(texts[0].replace(*_CHANGED))
    assert texts[0] != texts[1]
    output = home / "calm/output/tiny"
    again = place_plan(home / "other")
    again.write_text(texts[1], encoding="utf-8")
    assert run(again) == 0
    known = {sum_up(wanted), sum_up(find_whole(home / "other/output/tiny"))}
    now, killed, finished, strange = 1, 0, 0, 0
    calm.write_text(texts[now], encoding="utf-8")
    while killed < kills:
        # Short lives, so that one run is killed again and again before it gets through.
        if run(calm, seconds=rng.uniform(0.3, whole_s * 0.4)) == 0:
            finished, now = finished + 1, 1 - now  # through: the other config gives it something to do again
            calm.write_text(texts[now], encoding="utf-8")
            continue
        killed += 1
        strange += sum_up(find_whole(output)) not in known
    console.print(f"in a row: {killed} kills, in between {finished} got through")
    calm.write_text(texts[1], encoding="utf-8")
    assert run(calm) == 0
    new = find_whole(output)
    same = new == find_whole(home / "other/output/tiny")
    calm.write_text(texts[0], encoding="utf-8")
    assert run(calm) == 0
    back = find_whole(output) == wanted
    console.print(f"in a row: finished, same: {same}; config back again, same: {back}")
    console.print(f"hand-ins that stood in between and were neither the earlier nor the new one: {strange}")
    return strange + (not same) + (not back)


if __name__ == "__main__":
    sys.exit(main())
