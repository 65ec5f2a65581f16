"""What a column has no room for is refused before a database is asked, each database by its own rules."""

from __future__ import annotations

import enum
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite

from reactflow.errors import ConfigurationError
from reactflow.sql.columns import fitted

POSTGRES: sa.Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
MYSQL: sa.Dialect = mysql.dialect()
SQLITE: sa.Dialect = sqlite.dialect()


class Colour(enum.Enum):
    RED = "red"


def fit(value: Any, kind: Any, dialect: sa.Dialect) -> Any:
    return fitted(value, sa.Column("c", kind), "sql/t, row 1", dialect)


@pytest.mark.parametrize(
    ("value", "kind", "dialect"),
    [
        (2**31 - 1, sa.Integer(), POSTGRES),
        (-(2**15), sa.SmallInteger(), POSTGRES),
        (2**63 - 1, sa.BigInteger(), POSTGRES),
        (2**63 - 1, sa.Integer(), SQLITE),
        (2**64 - 1, mysql.BIGINT(unsigned=True), MYSQL),
        (10**37, sa.Numeric(38, 0), POSTGRES),
        (Decimal("99.99"), sa.Numeric(4, 2), POSTGRES),
        (10**30, sa.Numeric(), POSTGRES),
        (1e300, sa.Integer(), SQLITE),
        ("x" * 10, sa.String(10), POSTGRES),
        ("x" * 100, sa.String(10), SQLITE),
        ("a\x00b", sa.Text(), SQLITE),
        (True, sa.Integer(), POSTGRES),
        ("a", sa.Enum("a", "b", name="letters"), POSTGRES),
    ],
)
def test_what_fits_is_left_as_it_is(value: Any, kind: Any, dialect: sa.Dialect) -> None:
    assert fit(value, kind, dialect) == value


@pytest.mark.parametrize(
    ("value", "kind", "dialect", "says"),
    [
        (
            2**31,
            sa.Integer(),
            POSTGRES,
            "room for whole numbers of 31 bits and a sign, and the value is 2147483648",
        ),
        (2**15, sa.SmallInteger(), POSTGRES, "whole numbers of 15 bits"),
        (2**63, sa.BigInteger(), POSTGRES, "whole numbers of 63 bits"),
        (2**64, mysql.BIGINT(unsigned=True), MYSQL, "whole numbers of 64 bits"),
        (1e300, sa.BigInteger(), POSTGRES, "whole numbers of 63 bits"),
        (float("nan"), sa.Integer(), POSTGRES, "holds whole numbers, and the value is nan"),
        (10**38, sa.Numeric(38, 0), POSTGRES, "room for 38 digits before the point"),
        (
            Decimal("100"),
            sa.Numeric(4, 2),
            POSTGRES,
            "room for 2 digits before the point, and the value is 100",
        ),
        (
            "x" * 11,
            sa.String(10),
            MYSQL,
            "room for 10 characters, and 'xxxxxxxxxxx' has 11: publish shorter text",
        ),
        ("a\x00b", sa.Text(), POSTGRES, "holds a zero character"),
        ("c", sa.Enum("a", "b", name="letters"), POSTGRES, "takes only ['a', 'b'], and the value is 'c'"),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(
    value: Any, kind: Any, dialect: sa.Dialect, says: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        fit(value, kind, dialect)
    assert str(caught.value).startswith("sql/t, row 1, column 'c'")
    assert says in str(caught.value)


def test_a_member_of_an_enum_is_its_value() -> None:
    assert fit(Colour.RED, sa.Text(), POSTGRES) == "red"
