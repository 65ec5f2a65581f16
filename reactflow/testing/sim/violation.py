"""What a run found: an invariant that does not hold, or nothing."""

from __future__ import annotations

from attrs import frozen


class Violation(BaseException):
    """An invariant does not hold. No ``except Exception`` of the code that is tried can hide it."""

    def __init__(self, invariant: str, message: str) -> None:
        super().__init__(f"{invariant}: {message}")
        self.invariant = invariant
        self.message = message


@frozen
class Invariant:
    """A rule of the delivery protocol, by its name there."""

    name: str
    what: str


INVARIANTS = (
    Invariant("I1", "state, marks, cases and outputs change together"),
    Invariant("I2", "each position affects state exactly once, or is in quarantine with a reason"),
    Invariant("I3", "the version grows by one a commit"),
    Invariant("I4", "an output's numbers are contiguous, and one number has one content for ever"),
    Invariant("I5", "nothing is visible outside before it is committed"),
    Invariant("I6", "a position is acknowledged only when it is committed and published, or in quarantine"),
    Invariant("I7", "inputs = applied + duplicates + quarantined + held + superseded + late + filtered"),
    Invariant("I8", "order within a lane is kept"),
    Invariant("I9", "a unit never goes back to an earlier version of its flow"),
    Invariant("I10", "an item stays within its size, and its marks are kept"),
    Invariant("I11", "committed values are those that the committed sources give"),
    Invariant("I12", "when the faults stop, the backlog drains, and every sink ends at the last value"),
    Invariant("I13", "at most one write a touched unit a delivery and cut"),
)
