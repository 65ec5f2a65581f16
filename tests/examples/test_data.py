"""The demo's input is what its services are to be tried on: real, awkward where the world is, and always the same."""

from __future__ import annotations

import io
from collections import Counter
from decimal import Decimal

import pytest
from PIL import Image, UnidentifiedImageError

from examples.data import INPUT, Employee, broken_photographs, employees, photographs, readings


def test_there_are_photographs_in_jpeg_and_png_in_colour_and_in_grey() -> None:
    found = Counter[tuple[str | None, str]]()
    for _, content in photographs():
        with Image.open(io.BytesIO(content)) as image:
            image.load()
            found[image.format, image.mode] += 1
            assert min(image.size) >= 300, "large enough to be made smaller"
    assert found == {("JPEG", "RGB"): 3, ("PNG", "RGB"): 2, ("PNG", "L"): 2}


def test_a_photographs_name_ends_as_its_format_and_lies_in_a_users_folder() -> None:
    for name, content in photographs():
        folder, user, last = name.split("/")
        assert folder == "in"
        assert user
        assert last.endswith(".jpg" if content.startswith(b"\xff\xd8\xff") else ".png")


def test_names_hold_what_object_names_of_the_world_hold() -> None:
    names = "".join(name for name, _ in photographs())
    assert {" ", "+", "%"} <= set(names)
    assert not names.isascii()


def test_every_file_of_the_input_has_a_source() -> None:
    sources = (INPUT / "SOURCES.md").read_text(encoding="utf-8")
    files = [path.name for path in INPUT.iterdir() if path.suffix != ".md"]
    assert len(files) == 9
    assert [name for name in files if f"| `{name}` |" not in sources] == []


def test_of_the_broken_ones_one_is_cut_short_and_one_is_no_image() -> None:
    (cut_short, half), (no_image, text) = broken_photographs()
    with Image.open(io.BytesIO(half)) as image, pytest.raises(OSError, match="truncated"):
        image.load()
    with pytest.raises(UnidentifiedImageError):
        Image.open(io.BytesIO(text))
    assert {cut_short, no_image}.isdisjoint(name for name, _ in photographs())


def test_the_history_of_employees_is_one_that_a_table_can_have() -> None:
    table: dict[tuple[str, int], Employee] = {}
    for write in employees():
        key = write.department, write.number
        assert (key in table) == (write.kind != "insert"), write
        assert (write.employee is None) == (write.kind == "delete"), write
        if write.employee is None:
            del table[key]
        else:
            assert write.employee["salary"].as_tuple().exponent in (-2, -1, 0)
            assert write.employee["salary"] > Decimal(30_000)
            table[key] = write.employee
    assert 10 <= len(table) <= 48
    assert {department for department, _ in table} == {"engineering", "sales", "research", "people & culture"}


def test_the_history_holds_the_cases_that_a_copy_gets_wrong() -> None:
    history = employees()
    inserts = Counter((write.department, write.number) for write in history if write.kind == "insert")
    assert max(inserts.values()) >= 2, "a row comes back under a key that was deleted"
    before: dict[tuple[str, int], Employee] = {}
    lost_attribute = changed_nothing = 0
    for write in history:
        if write.employee is None:
            continue
        key = write.department, write.number
        if write.kind == "change":
            lost_attribute += "manager" in before[key] and "manager" not in write.employee
            changed_nothing += before[key] == write.employee
        before[key] = write.employee
    assert lost_attribute
    assert changed_nothing
    assert any("'" in employee["name"] for employee in before.values()), "a name that breaks careless SQL"


def test_the_history_is_the_same_every_time_and_another_with_another_seed() -> None:
    assert employees() == employees()
    assert employees(seed=1) != employees()
    assert 500 <= len(employees(writes=500)) <= 501


def test_readings_are_in_the_order_of_time_and_each_comes_once() -> None:
    found = readings()
    assert [reading["time"] for reading in found] == sorted(reading["time"] for reading in found)
    assert len({(reading["station"], reading["time"]) for reading in found}) == len(found) == 5838
    assert len({(reading["station"], reading["month"]) for reading in found}) == 24
    assert all(20 < reading["fahrenheit"] < 100 for reading in found)


@pytest.mark.parametrize(("every", "number"), [(1, 17_518), (24, 730)])
def test_readings_may_be_thinned_out(every: int, number: int) -> None:
    assert len(readings(every)) == number
