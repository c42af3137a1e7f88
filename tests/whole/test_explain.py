"""``haoshequ explain``: an id leads back to its factors, every figure the one that was delivered."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from layers.faults import PlanFaults
from layers.finance import Fund
from layers.planned import Match, Need, Pair, Project, Resource, Site
from pipeline.explain import Records, Section, open_records, tell
from pipeline.explain import account as account_of
from pipeline.plan import load_plan
from tests.whole.conftest import Whole, ask, place_plan


@pytest.fixture(scope="module")
def records(tiny: Whole) -> Records:
    return open_records(load_plan(tiny.home / "configs/tiny.yaml"))


def account(records: Records, word: str) -> list[Section]:
    return tell(records, records.find(word))


def said(sections: list[Section]) -> str:
    return "\n".join(f"{s.title}\n" + "\n".join(f"{a}\t{b}" for a, b in s.lines) for s in sections)


def test_a_project_leads_back_to_need_match_candidates_resource_and_money(
    records: Records, tiny: Whole
) -> None:
    assert not records.old
    needs = tiny.frame(Need).set_index(Need.number)
    pairs, matches = tiny.frame(Pair), tiny.frame(Match).set_index(Match.need)
    for row in tiny.frame(Project).to_dict("records"):
        need, text = row[Project.need], said(account(records, row[Project.number]))
        assert f"来自需求 {need}" in text and needs.loc[need, Need.urgency_rule] in text
        assert matches.loc[need, Match.reason] in text and row[Project.phase_rule] in text
        assert row[Project.cost_basis] in text and (
            row[Project.funding] != row[Project.funding] or row[Project.funding] in text
        )
        mine = pairs[pairs[Pair.need] == need]
        for pair in mine.to_dict("records"):
            assert pair[Pair.reason] in text
        for number in mine.loc[mine[Pair.chosen], Pair.resource]:
            assert f"资源 {number}\n" in text and f"布局 S-{number}" in text


def test_why_another_resource_was_not_taken_is_said(records: Records, tiny: Whole) -> None:
    pairs = tiny.frame(Pair)
    lost = pairs[~pairs[Pair.chosen]].iloc[0]
    (section,) = (s for s in account(records, lost[Pair.need]) if s.title.startswith("候选资源"))
    line = dict(section.lines)[lost[Pair.resource]]
    assert line.startswith("未用｜") and "未采用：" in line


def test_a_phase_lists_its_projects_in_order_with_what_put_them_there(records: Records, tiny: Whole) -> None:
    projects = tiny.frame(Project)
    for phase, mine in projects.groupby(Project.phase):
        index = mine[Project.phase_index].iloc[0]
        head, body = account_of(records, str(phase))
        assert head.title == f"第{index}期（{phase}）"
        assert [label.split(". ")[1] for label, _ in body.lines] == list(
            mine.sort_values(Project.rank)[Project.number]
        )
        for row, (_, text) in zip(mine.sort_values(Project.rank).to_dict("records"), body.lines, strict=True):
            assert row[Project.phase_rule] in text and row[Project.rank_rule] in text
        assert account_of(records, f"{'一二三'[index - 1]}期")[1].lines == body.lines


def test_an_amount_leads_to_its_project_and_to_who_else_draws_on_the_source(
    records: Records, tiny: Whole
) -> None:
    funds = tiny.frame(Fund)
    assert len(funds) > 3
    for part in funds.to_dict("records"):
        first, project, *draws = account_of(records, part[Fund.id])
        assert dict(first.lines)["金额"] == f"{part[Fund.amount_wan]:g} 万元"
        assert project.title == f"用于项目 {part[Fund.project]}"
        mine = funds[funds[Fund.resource] == part[Fund.resource]]
        assert bool(draws) == (len(mine) > 0)
        if draws:
            assert sorted(label for label, _ in draws[0].lines) == sorted(mine[Fund.project])


def test_everything_that_has_an_id_can_be_asked_about(records: Records, tiny: Whole) -> None:
    for layer, column in ((Need, Need.number), (Resource, Resource.number), (Pair, Pair.id), (Site, Site.id)):
        for number in tiny.frame(layer)[column]:
            sections = account(records, number)
            assert number in sections[0].title and sections[0].lines


def test_a_need_shows_what_was_measured_on_foot(records: Records, tiny: Whole) -> None:
    needs = tiny.frame(Need)
    computed = needs[(needs[Need.gap] == "漏配") & (needs[Need.method] == "测算")].iloc[0]
    (section,) = (s for s in account(records, computed[Need.number]) if s.title.startswith("步行测算"))
    lines = dict(section.lines)
    reached = re.search(r"可达(\d+)/(\d+)处", computed[Need.description])
    assert reached and (lines["共享后覆盖住户点"], lines["住户点数"]) == reached.groups()


def test_an_id_is_found_however_it_is_cased_and_a_wrong_one_gets_near_misses(records: Records) -> None:
    assert said(account(records, " zy01 ")) == said(account(records, "ZY01"))
    with pytest.raises(PlanFaults) as caught:
        records.find("ZY0l")
    (fault,) = caught.value.faults
    assert "ZY01" in fault.remedy and "项目 P-" in fault.remedy


def test_the_console_keeps_to_its_width_and_exits_with_the_outcome(tiny: Whole) -> None:
    config = tiny.home / "configs/tiny.yaml"
    code, text = ask("explain", config, "XQ01", columns=100)
    assert code == 0 and "需求 XQ01" in text and "候选资源" in text
    wide = [
        line for line in text.splitlines() if sum(2 if ord(c) > 0x2E80 else 1 for c in line.rstrip()) > 100
    ]
    assert wide == []
    code, text = ask("explain", config, "没有")
    assert code == 1 and "没有编号为“没有”" in text and "编号见各表格" in text


def test_before_any_run_the_remedy_is_to_run(tmp_path: Path) -> None:
    config = place_plan(tmp_path, "tiny", inputs=("tiny",))
    code, text = ask("explain", config, "A01")
    assert code == 1 and "还没有可以追溯的结果" in text and "haoshequ run" in text


def test_results_older_than_the_config_are_called_so(tiny: Whole, tmp_path: Path) -> None:
    shutil.copytree(tiny.home, tmp_path / "份")
    config = tmp_path / "份/configs/tiny.yaml"
    config.write_text(
        config.read_text(encoding="utf-8").replace("first_year: 2027", "first_year: 2028"), encoding="utf-8"
    )
    assert open_records(load_plan(config)).old
