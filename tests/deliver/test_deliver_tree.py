"""The swap, stopped before and after each of its steps: a complete hand-in is there at every instant."""

from __future__ import annotations

import pytest

from layers.faults import PlanFaults
from pipeline.deliver import tree

STEPS = ("_rename", "_drop_folder", "_drop_file", "_write_journal")


class Killed(BaseException):
    """Stands for a process that ends here: nothing in the product catches it."""


def build(output, word):
    """Build a complete hand-in of two files that say ``word``."""
    root = tree.open_staging(output)
    (root / "图件").mkdir()
    (root / "a.txt").write_text(word)
    (root / "图件" / "b.txt").write_text(word)


def complete(folder):
    """The word of a complete hand-in, else None."""
    files = [folder / "a.txt", folder / "图件" / "b.txt"]
    words = {path.read_text() for path in files if path.exists()}
    return words.pop() if all(path.exists() for path in files) and len(words) == 1 else None


def names(output):
    return sorted(path.name for path in output.iterdir())


def kill_at(monkeypatch, step, *, after):
    """Let the ``step``-th file operation end the process, before or after it is done."""
    count = iter(range(1000))

    def wrap(do):
        def run(*args):
            at = next(count)
            if at == step and not after:
                raise Killed
            do(*args)
            if at == step:
                raise Killed

        return run

    for name in STEPS:
        monkeypatch.setattr(tree, name, wrap(getattr(tree, name)))


def test_first_and_second_hand_in(tmp_path):
    for word in ("one", "two"):
        build(tmp_path, word)
        swapped = tree.swap_in(tmp_path)
        assert swapped.done
        assert complete(tmp_path / tree.NOW) == word
        assert names(tmp_path) == [tree.NOW]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", range(12))
def test_killed_during_the_swap(tmp_path, monkeypatch, step, after):
    build(tmp_path, "old")
    tree.swap_in(tmp_path)
    build(tmp_path, "new")
    with monkeypatch.context() as patch:
        kill_at(patch, step, after=after)
        try:
            tree.swap_in(tmp_path)
            finished = True
        except Killed:
            finished = False
    assert finished == (step >= 6), "the swap has six steps; each is a place to die"
    standing = {complete(tmp_path / name) for name in (tree.NOW, tree.PREV)} - {None}
    assert standing, "成果 or 成果.prev is complete at every instant"
    begun = finished or step > 0 or after
    tree.heal(tmp_path)
    assert complete(tmp_path / tree.NOW) == ("new" if begun else "old")
    assert names(tmp_path) == [tree.NOW]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", range(6))
def test_killed_while_healing(tmp_path, monkeypatch, step, after):
    build(tmp_path, "old")
    tree.swap_in(tmp_path)
    build(tmp_path, "new")
    with monkeypatch.context() as patch:
        kill_at(patch, 0, after=True)
        with pytest.raises(Killed):
            tree.swap_in(tmp_path)
    with monkeypatch.context() as patch:
        kill_at(patch, step, after=after)
        try:
            tree.heal(tmp_path)
        except Killed:
            assert {complete(tmp_path / name) for name in (tree.NOW, tree.PREV)} - {None}
    tree.heal(tmp_path)
    assert complete(tmp_path / tree.NOW) == "new"
    assert names(tmp_path) == [tree.NOW]


def test_killed_inside_the_removal_of_the_old_one(tmp_path):
    build(tmp_path, "new")
    tree.swap_in(tmp_path)
    (tmp_path / tree.PREV).mkdir()
    (tmp_path / tree.PREV / "a.txt").write_text("old")
    tree.heal(tmp_path)
    assert complete(tmp_path / tree.NOW) == "new"
    assert names(tmp_path) == [tree.NOW]


def test_a_half_built_hand_in_is_never_swapped_in(tmp_path):
    build(tmp_path, "old")
    tree.swap_in(tmp_path)
    (tree.open_staging(tmp_path) / "a.txt").write_text("half")
    assert tree.heal(tmp_path) is None
    assert complete(tmp_path / tree.NOW) == "old"
    assert names(tmp_path) == [tree.NOW]


def hold(monkeypatch, *held):
    """Refuse renames the way Windows does while a file below the folder is open."""
    rename = tree._rename

    def refuse(source, target):
        if any(path == source or source in path.parents for path in held if path.exists()):
            raise PermissionError(13, "另一个程序正在使用此文件", str(source))
        rename(source, target)

    monkeypatch.setattr(tree, "_rename", refuse)


def test_a_file_held_open_keeps_the_new_one_beside(tmp_path, monkeypatch):
    build(tmp_path, "old")
    tree.swap_in(tmp_path)
    build(tmp_path, "new")
    held = tmp_path / tree.NOW / "图件" / "b.txt"
    with monkeypatch.context() as patch:
        hold(patch, held)
        swapped = tree.swap_in(tmp_path)
        assert not swapped.done
        assert swapped.held == (held,)
        assert (complete(tmp_path / tree.NOW), complete(swapped.folder)) == ("old", "new")
        assert tree.heal(tmp_path).held == (held,), "still held: nothing is lost by trying"
    assert tree.heal(tmp_path).done
    assert complete(tmp_path / tree.NOW) == "new"
    assert names(tmp_path) == [tree.NOW]


def test_the_new_one_held_open_brings_the_old_one_back(tmp_path, monkeypatch):
    build(tmp_path, "old")
    tree.swap_in(tmp_path)
    build(tmp_path, "new")
    with monkeypatch.context() as patch:
        hold(patch, tmp_path / tree.NEW / "a.txt")
        assert not tree.swap_in(tmp_path).done
    assert complete(tmp_path / tree.NOW) == "old"
    assert complete(tmp_path / tree.NEW) == "new"


def test_a_held_hand_in_gives_way_to_the_next_build(tmp_path, monkeypatch):
    build(tmp_path, "old")
    tree.swap_in(tmp_path)
    build(tmp_path, "new")
    with monkeypatch.context() as patch:
        hold(patch, tmp_path / tree.NOW / "a.txt")
        tree.swap_in(tmp_path)
        build(tmp_path, "newer")
        assert complete(tmp_path / tree.NOW) == "old"
    assert tree.swap_in(tmp_path).done
    assert complete(tmp_path / tree.NOW) == "newer"


def test_a_full_disk_is_a_fault_with_a_code(tmp_path, monkeypatch):
    build(tmp_path, "old")

    def refuse(source, target):
        raise OSError(28, "设备上没有空间", str(target))

    monkeypatch.setattr(tree, "_rename", refuse)
    with pytest.raises(PlanFaults, match="HSQ-D05") as caught:
        tree.swap_in(tmp_path)
    assert caught.value.faults[0].file.endswith(tree.NOW)


def test_a_half_built_one_after_a_held_swap_is_never_swapped_in(tmp_path, monkeypatch):
    build(tmp_path, "old")
    tree.swap_in(tmp_path)
    build(tmp_path, "new")
    with monkeypatch.context() as patch:
        hold(patch, tmp_path / tree.NOW / "a.txt")
        tree.swap_in(tmp_path)
        (tree.open_staging(tmp_path) / "a.txt").write_text("half")
    assert tree.heal(tmp_path) is None
    assert complete(tmp_path / tree.NOW) == "old"


@pytest.mark.parametrize("journal", [False, True])
def test_the_old_one_comes_back_when_all_else_was_deleted(tmp_path, journal):
    build(tmp_path, "old")
    tree.swap_in(tmp_path)
    (tmp_path / tree.NOW).rename(tmp_path / tree.PREV)
    if journal:
        (tmp_path / tree.JOURNAL).touch()
    tree.heal(tmp_path)
    assert complete(tmp_path / tree.NOW) == "old"
    assert names(tmp_path) == [tree.NOW]
