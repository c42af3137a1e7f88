"""资金保障 of 表1: every fund stands there with what the row draws of it, never whole twice."""

from __future__ import annotations

from layers.finance import Fund
from layers.planned import Match, Project, Resource
from pipeline.deliver.tables.promised import tell_promised
from tests.builders import make_frame


def fund(number, amount, name="专项资金", category="资金"):
    return {"number": number, "category": category, "name": name, "amount_wan": amount, "clause": None}


def project(number, need, total, problem="建设类"):
    return {"number": number, "need": need, "total_wan": total, "problem": problem}


def part(project, amount, resource=None, method="地方财政资金"):
    return {"project": project, "amount_wan": amount, "resource": resource, "method": method}


def tell(matches, projects, parts, money):
    rows = [{"need": need, "resources": resources, "money_text": "原文"} for need, resources in matches]
    frames = [
        make_frame(layer, some)
        for layer, some in ((Match, rows), (Project, projects), (Fund, parts), (Resource, money))
    ]
    return tell_promised(*frames).set_index(Match.need)[Match.money_text].to_dict()


def test_each_row_says_what_it_draws_what_is_open_and_who_has_the_rest():
    told = tell(
        [("X1", "Z9、Z1"), ("X2", "Z1"), ("X3", "Z1、Z2"), ("X4", "Z1"), ("X5", "Z1"), ("X6", None)],
        [project("A01", "X1", 60), project("A02", "X2", 50), project("A03", "X3", 10), project("A04", "X4", None),
         project("A05", "X5", None, "管理类")],
        [part("A01", 60, "Z1"), part("A02", 40, "Z1"), part("A02", 10), part("A03", 10)],
        [fund("Z1", 100), fund("Z2", 30, "社会资本"), fund("Z9", None, "闲置楼", "建筑")],
    )  # fmt: skip
    assert told == {
        "X1": "专项资金安排60万元（总额100万元）",
        "X2": "专项资金安排40万元（总额100万元）；待落实10万元（拟由地方财政资金解决）",
        "X3": "待落实10万元（拟由地方财政资金解决）；专项资金总额100万元，已统筹用于其他项目；社会资本总额30万元，本项未用",
        "X4": "专项资金（总额100万元，本项投资待测算后安排）",
        "X5": "原文",  # management draws nothing
        "X6": "原文",  # no project
    }
