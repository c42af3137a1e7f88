"""Columns and cells: absent, misnamed, blank, no numbers, in other units, repeated, cut by a spreadsheet."""

from __future__ import annotations

from shapely import Point, box

from tests.intake.corpus.case import case, error, remark, warning
from tests.intake.corpus.desk import E0, N0, POINTS, Desk, near

HEAD = ["名称", "类型", "东", "北"]


@case(error("HSQ-V01", "设施.csv", field="name", value="设施名称", advice="是否为“名称”"))
def column_of_another_name(desk: Desk) -> None:
    """The plan names a column the file does not have."""
    desk.facilities(["甲超市,超市"], columns={"name": "设施名称", "type_key": "类型"})


@case(error("HSQ-V01", "灯.gpkg", field="kind", says="缺少必需的列"))
def column_nobody_named(desk: Desk) -> None:
    """A required field that no column feeds."""
    desk.vector("灯.gpkg", near(Point(0, 0)), 类别=["路灯"])
    desk.add("utility_point", "灯.gpkg")


@case(error("HSQ-C03", "设施.csv", field="nmae", advice="是否想写 name"))
def field_that_does_not_exist(desk: Desk) -> None:
    """A slip in the plan's columns."""
    desk.facilities(["甲超市,超市"], columns={"nmae": "名称", "type_key": "类型"})


@case(error("HSQ-V02", "灯.gpkg", "2", field="kind", says="不能为空"))
def blank_where_something_is_needed(desk: Desk) -> None:
    """A required cell that holds a slash, which is a blank."""
    desk.vector("灯.gpkg", near(Point(0, 0), Point(5, 0)), kind=["路灯", "/"])
    desk.add("utility_point", "灯.gpkg")


@case(error("HSQ-V03", "建筑.gpkg", "1", field="floors", value="六层半多"), notes="HSQ-V02")
def number_in_words_that_say_nothing(desk: Desk) -> None:
    """Floors that are no number."""
    desk.buildings(box(0, 0, 9, 9), box(20, 0, 29, 9), floors=["六层半多", "6"])


@case(
    remark(
        "HSQ-V03",
        "设施.csv",
        "3、4",
        field="floor_area_m2",
        value="0.5公顷 → 5000、2亩 → 1333.333",
        says="带其他单位",
        mended="已换算为㎡",
    )
)
def areas_with_units(desk: Desk) -> None:
    """1,200㎡, 0.5公顷 and 2亩 in one column."""
    rows = ['甲超市,超市,"1,200㎡"', "乙超市,超市,0.5公顷", "丙超市,超市,2亩", "丁超市,超市,80"]
    desk.facilities(rows, head="名称,类型,floor_area_m2")


@case(remark("HSQ-V03", "设施.csv", says="单位为公顷", value="公顷"), notes="HSQ-V03")
def unit_in_the_header(desk: Desk) -> None:
    """The header says that bare figures are hectares."""
    columns = POINTS["columns"] | {"land_area_m2": "用地面积(公顷)"}
    desk.facilities(["甲超市,超市,0.5", "乙超市,超市,0.2"], head="名称,类型,用地面积(公顷)", columns=columns)


@case(
    *(
        error("HSQ-V03", "设施.csv", str(at + 2), field="floor_area_m2", value=word)
        for at, word in enumerate("甲乙丙丁戊")
    ),
    remark("HSQ-V03", "设施.csv", field="floor_area_m2", says="整列 5 个值中有 5 个无法读取", advice="建面"),
)
def wrong_column_chosen(desk: Desk) -> None:
    """A column of names mapped to a number: every cell is told, and that the column is wrong."""
    columns = POINTS["columns"] | {"floor_area_m2": "楼号"}
    rows = [f"{word}超市,超市,{word},{100 + at}" for at, word in enumerate("甲乙丙丁戊")]
    desk.facilities(rows, head="名称,类型,楼号,建面", columns=columns)


@case(error("HSQ-V04", "建筑.gpkg", "2", field="floors", value="-3"), notes="HSQ-V02")
def less_than_nothing(desk: Desk) -> None:
    """A building of minus three floors."""
    desk.buildings(box(0, 0, 9, 9), box(20, 0, 29, 9), floors=[6, -3])


@case(
    warning("HSQ-V04", "用地.gpkg", "1", field="area_m2", value="5000.00", mended="采用图形面积"),
    notes="HSQ-G13",
)
def stated_area_that_is_not_drawn(desk: Desk) -> None:
    """A parcel of 400 m² that says 5,000."""
    desk.parcels(box(0, 0, 20, 20), area_m2=[5000.0])


@case(error("HSQ-V05", "需求.csv", "2", field="urgency", value="特急", advice="紧迫"), notes="HSQ-V02")
def word_that_is_not_listed(desk: Desk) -> None:
    """A closed list with a word of its own."""
    desk.put("需求.csv", "works,description,urgency,origin,problem\n设施提升工程,增设食堂,特急,问卷,建设类\n")
    desk.add("survey", "需求.csv")


@case(warning("HSQ-V05", "灯.gpkg", "1", field="kind", value="监控杆", mended="照原样保留"))
def word_of_an_open_list(desk: Desk) -> None:
    """A kind the list does not have, but may."""
    desk.vector("灯.gpkg", near(Point(0, 0)), kind=["监控杆"])
    desk.add("utility_point", "灯.gpkg")


@case(remark("HSQ-V05", "灯.gpkg", "1", value="路 灯", says="只差空格", mended="按“路灯”读取"))
def word_with_a_blank_inside(desk: Desk) -> None:
    """A listed word, spaced out."""
    desk.vector("灯.gpkg", near(Point(0, 0)), kind=["路 灯"])
    desk.add("utility_point", "灯.gpkg")


@case(error("HSQ-V06", "建筑.gpkg", "1、2", field="id", value="J1"))
def number_given_twice(desk: Desk) -> None:
    """Two buildings of one number."""
    desk.buildings(box(0, 0, 9, 9), box(20, 0, 29, 9), id=["J1", "J1"])


@case(
    warning("HSQ-V06", "建筑.gpkg", "1、2", field="id", says="只差大小写、全半角", mended="按不同的编号处理")
)
def numbers_alike(desk: Desk) -> None:
    """Two numbers that every spreadsheet takes for one."""
    desk.buildings(box(0, 0, 9, 9), box(20, 0, 29, 9), id=["J1", "ｊ1"])


@case(error("HSQ-V06", "", "建筑.gpkg 1、二期.gpkg 1", field="id", value="J1"))
def number_of_two_files(desk: Desk) -> None:
    """Two files that number from one."""
    desk.buildings(box(0, 0, 9, 9))
    desk.vector("二期.gpkg", near(box(20, 0, 29, 9)), id=["J1"], use=["住宅"], built=["2001"])
    desk.add("building", "二期.gpkg")


@case(error("HSQ-V11", "工程.csv", "2", field="start", value="去年春天"), notes="HSQ-X01")
def date_in_words(desk: Desk) -> None:
    """A date that names no day."""
    desk.put("工程.csv", "name,state,start\n甲小区改造,已实施,去年春天\n")
    desk.add("past_work", "工程.csv")


@case(
    warning("HSQ-V11", "建筑.gpkg", "1", field="built", value="解放前后吧", mended="按不详处理"),
    notes="HSQ-V02",
)
def year_in_words(desk: Desk) -> None:
    """A year that is none only dates a drawing."""
    desk.buildings(box(0, 0, 9, 9), box(20, 0, 29, 9), built=["解放前后吧", "1998"])


@case(
    remark("HSQ-V11", "工程.csv", "2", field="start", value="44986 → 2023-03-01", mended="已按通行写法读取")
)
def dates_as_people_write_them(desk: Desk) -> None:
    """A serial number of Excel; the date in Chinese beside it needs no word."""
    desk.put("工程.csv", "name,state,start\n甲小区改造,已实施,44986\n乙小区改造,已实施,二〇二三年五月\n")
    desk.add("past_work", "工程.csv")


@case(
    warning("HSQ-V12", "用地.gpkg", "2", field="number", value="27", mended="已补全为 0027"), notes="HSQ-G13"
)
def serial_without_its_zeros(desk: Desk) -> None:
    """Numbers that a spreadsheet cut, proven by those it did not."""
    desk.parcels(box(0, 0, 20, 20), box(20, 0, 40, 20), number=["0026", "27"])


@case(error("HSQ-V12", "用地.gpkg", "1", field="tenure_code", value="1E+15"), notes="HSQ-G13")
def code_in_powers_of_ten(desk: Desk) -> None:
    """A code whose digits are lost."""
    desk.parcels(box(0, 0, 20, 20), tenure_code=["1E+15"])


@case(remark("HSQ-V09", "设施.xlsx", "5", says="合计", mended="跳过"), notes="HSQ-V09")
def title_units_and_total(desk: Desk) -> None:
    """A form as offices draw it: title above, total below."""
    rows = [
        ["设施台账", None, None, None],
        HEAD,
        ["甲超市", "超市", E0, N0],
        ["乙超市", "超市", E0 + 9, N0],
        ["合计", "2处", None, None],
    ]
    desk.sheet("设施.xlsx", rows)
    desk.add("facility", "设施.xlsx", **POINTS)


@case(warning("HSQ-V09", "设施.xlsx", "2", says="分组标题行", mended="跳过"))
def headings_between_rows(desk: Desk) -> None:
    """A heading that stands among the rows."""
    desk.sheet(
        "设施.xlsx",
        [HEAD, ["一、商业", None, None, None], ["甲超市", "超市", E0, N0], ["乙超市", "超市", E0 + 9, N0]],
    )
    desk.add("facility", "设施.xlsx", **POINTS)


@case(error("HSQ-V10", "需求.csv", field="id", says="关联键“A9”", row="3"), notes="HSQ-V02")
def key_without_a_shape(desk: Desk) -> None:
    """Facilities that take their place from another file, which does not have one of them."""
    desk.vector("位置.gpkg", near(Point(0, 0)), id=["A1"])
    desk.put("需求.csv", "id,name,type_key\nA1,甲超市,超市\nA9,乙超市,超市\n")
    desk.add("facility", "需求.csv", key="id", geometry={"path": "位置.gpkg"})


@case(warning("HSQ-V10", "位置.gpkg", "2", field="id", value="A2", says="没有对应的行", mended="不采用"))
def shape_without_a_row(desk: Desk) -> None:
    """The reverse."""
    desk.vector("位置.gpkg", near(Point(0, 0), Point(9, 0)), id=["A1", "A2"])
    desk.put("设施.csv", "id,name,type_key\nA1,甲超市,超市\n")
    desk.add("facility", "设施.csv", key="id", geometry={"path": "位置.gpkg"})


@case(error("HSQ-V10", "位置.gpkg", "1、2", value="A1", says="对应多个图形"))
def key_of_two_shapes(desk: Desk) -> None:
    """A key that stands twice in the file of the shapes."""
    desk.vector("位置.gpkg", near(Point(0, 0), Point(9, 0)), id=["A1", "A1"])
    desk.put("设施.csv", "id,name,type_key\nA1,甲超市,超市\n")
    desk.add("facility", "设施.csv", key="id", geometry={"path": "位置.gpkg"})


@case(warning("HSQ-V12", "设施.csv", "2", value="7", says="丢失前导零", mended="已按几何文件补为 007"))
def key_without_its_zeros(desk: Desk) -> None:
    """A key that a spreadsheet cut; the other file still has it."""
    desk.vector("位置.gpkg", near(Point(0, 0)), id=["007"])
    desk.put("设施.csv", "id,name,type_key\n7,甲超市,超市\n")
    desk.add("facility", "设施.csv", key="id", geometry={"path": "位置.gpkg"})


@case(warning("HSQ-V09", "设施.csv", says="表头无法确定", advice="skip_rows"), notes="HSQ-V09")
def header_of_figures(desk: Desk) -> None:
    """A file that begins with figures: nobody can tell its header."""
    desk.put("设施.csv", f"超市,超市,{E0},{N0}\n超市,超市,{E0 + 9},{N0}\n")
    desk.add(
        "facility",
        "设施.csv",
        x=str(E0),
        y=str(N0),
        crs="EPSG:4548",
        columns={"name": "超市", "type_key": "超市.2"},
    )
