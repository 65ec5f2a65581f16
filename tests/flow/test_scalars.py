"""Arrays in a flow's state: by dtype, shape and bytes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy
import pytest

from reactflow.errors import StateError
from reactflow.flow.codec import Codec
from reactflow.flow.equality import same_value

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize(
    "array",
    [
        numpy.array([1.0, float("nan"), -0.0]),
        numpy.arange(6, dtype="<i2").reshape(2, 3),
        numpy.asfortranarray(numpy.arange(6.0).reshape(2, 3)),
        numpy.arange(4, dtype=">u4")[::2],
        numpy.zeros((0, 3), dtype=bool),
        numpy.array(7 + 1j),
        numpy.array(["a", "ü"]),
        numpy.array(["2024-01-01"], dtype="M8[D]"),
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_an_array_comes_back_with_its_dtype_shape_and_bytes(array: Any) -> None:
    codec = Codec({})
    data = codec.encode({"a": [array]})
    back: Any = codec.decode(data)["a"]
    back = back[0]
    assert (back.dtype, back.shape, back.tobytes()) == (array.dtype, array.shape, array.tobytes())
    assert back.flags.writeable
    assert same_value(back, array)
    assert codec.encode({"a": [back]}) == data


@pytest.mark.parametrize(
    "array", [numpy.array([object()]), numpy.array([(1, 2)], dtype=[("x", int), ("y", int)])]
)
def test_an_array_of_more_than_plain_values_is_refused(array: Any) -> None:
    with pytest.raises(
        StateError, match=r"cell 'a' cannot be stored: an array of .* store a list of records"
    ):
        Codec({}).encode({"a": array})


@pytest.mark.parametrize(
    "text",
    ['["|O",[1],"AAAA"]', '["<f8",[2],"AAAA"]', '["<f8",[1]]', '["no",[1],"AAAA"]', "3", '["<f8",[9],""]'],
)
def test_what_is_no_array_is_a_state_error(text: str) -> None:
    with pytest.raises(StateError, match="cell 'a' cannot be read"):
        Codec({}).decode(f'{{"a":{{"$":"array","v":{text}}}}}'.encode())


def test_a_number_of_numpy_is_refused_with_the_conversion() -> None:
    with pytest.raises(StateError, match=r"numpy.float64 is a kind of float, .* convert it: float\("):
        Codec({}).encode({"a": numpy.float64(1.0)})


def test_numpy_is_imported_for_the_first_array_that_is_read_and_its_lack_names_the_extra() -> None:
    code = (
        "import sys; sys.modules['numpy'] = None\n"
        "from reactflow.flow import Codec\n"
        "from reactflow.errors import MissingExtra\n"
        "assert Codec({}).decode(b'{\"a\":1.0}') == {'a': 1.0}\n"
        'try: Codec({}).decode(b\'{"a":{"$":"array","v":["<f8",[0],""]}}\')\n'
        "except MissingExtra as error: print(error)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert ran.stdout == "an array in the state needs numpy: pip install 'reactflow-py[arrays]'\n"
