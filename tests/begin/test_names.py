"""Pinyin initials and the likeness of names; every word of the list belongs to a field that exists."""

from __future__ import annotations

import pytest

from configs import read_settings
from layers.initials import initials_of
from layers.ledgers import Population
from layers.model import Layer
from layers.read.names import SYNONYMS, fold_name, is_ignored, like_field, like_layer
from layers.source import Building, Community, Facility, Ledger, OpenSpace, Road, UtilityPoint
from pipeline.plan.sources import Inputs

LAYERS = [Layer.registry[key] for key in Inputs.model_fields]


@pytest.mark.parametrize(
    ("word", "letters"),
    [
        ("社区名称", "SQMC"), ("用地用海分类代码", "YDYHFLDM"), ("建成年代", "JCND"), ("权利人", "QLR"), ("容积率", "RJL"),
        ("阿波次得额佛格哈机卡拉马那哦坡七热斯他挖西牙资", "ABCDEFGHJKLMNOPQRSTWXYZ"), ("10层", "10C"), ("垸名", ""),
    ],
)  # fmt: skip
def test_initials_follow_the_order_of_the_standard(word, letters):
    assert initials_of(word) == letters


def test_one_map_names_are_the_initials_of_their_aliases_or_declared():
    """The one-map schema abbreviates some; of those that do not, every letter must come out."""
    fields = {c.spec.onemap: c.spec.alias for layer in LAYERS for c in layer.delivered()}
    same = [name for name, alias in fields.items() if initials_of(alias) == name]
    assert len(same) >= 0.8 * len(fields)


def test_every_synonym_belongs_to_a_field_that_can_be_asked_for():
    words = read_settings(SYNONYMS)
    assert set(words["layers"]) == {layer.key for layer in LAYERS}
    every = {str(c) for layer in LAYERS for c in layer.asked()}
    for key, fields in words["fields"].items():
        known = every if key == "*" else {str(c) for c in Layer.registry[key].asked()}
        assert set(fields) <= known, key
    assert set(words["ranges"]) <= every


@pytest.mark.parametrize(
    ("column", "field", "layer", "least", "most"),
    [
        ("层数", Building.floors, Building, 1.0, 1.0),
        ("floors", Building.floors, Building, 1.0, 1.0),
        ("CS", Building.floors, Building, 1.0, 1.0),
        ("地上层数", Building.floors, Building, 0.9, 1.0),
        ("建筑面积(㎡)", Building.floor_area_m2, Building, 1.0, 1.0),
        ("建设规模/建筑面积", Facility.floor_area_m2, Facility, 1.0, 1.0),
        ("政策条款/文号", Ledger.clause, Ledger, 0.9, 1.0),
        ("资源编号", Ledger.id, Ledger, 0.9, 1.0),
        ("ＳＱＭＣ", Community.name, Community, 0.8, 1.0),
        ("其中/0-3岁", Population.infants, Population, 0.85, 1.0),
        ("道路的宽度（m）", Road.width_m, Road, 0.4, 0.9),
        ("ERRK", Building.children, Building, 0.4, 0.7),
        ("联系电话", Building.floors, Building, 0.0, 0.0),
        ("X", Building.name, Building, 0.0, 0.0),
    ],
)
def test_a_name_is_like_a_field(column, field, layer, least, most):
    assert least <= like_field(column, field, layer).score <= most


@pytest.mark.parametrize(
    ("name", "layer"),
    [("现状建筑", Building), ("XZJZ", Building), ("某某街道房屋普查", Building), ("公交站", Facility), ("路灯", UtilityPoint), ("城市公园绿地", OpenSpace)],
)  # fmt: skip
def test_a_file_is_named_like_its_layer(name, layer):
    scores = {other: like_layer(name, other).score for other in LAYERS}
    assert max(scores, key=scores.__getitem__) is layer


def test_counters_and_geometry_columns_are_no_fields():
    assert is_ignored("序号") and is_ignored("OBJECTID") and is_ignored("Shape_Area")
    assert not is_ignored("编号")
    assert fold_name("建筑 面积（㎡）") == "建筑面积"
