"""The guides say what is true to the letter, are short, and are found from their index.

Doctests of the package compare an exception by its type alone. Here its message is compared too.
"""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "docs" / "guides"
INDEX = FOLDER / "README.md"
GUIDES = sorted(set(FOLDER.glob("*.md")) - {INDEX})


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_a_guide_shows_what_is_printed_messages_of_errors_too(path: Path) -> None:
    test = doctest.DocTestParser().get_doctest(
        path.read_text(encoding="utf-8"), {"__name__": "guide"}, path.name, str(path), 0
    )
    told: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    result = runner.run(test, out=told.append)
    assert not told, "".join(told)
    assert result.attempted > 10


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_a_guide_is_read_in_one_sitting(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 170
    assert max(map(len, lines)) <= 130


def test_the_index_leads_to_every_guide() -> None:
    linked = re.findall(r"\]\(([\w-]+\.md)\)", INDEX.read_text(encoding="utf-8"))
    assert {path.name for path in GUIDES} <= set(linked)


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_what_a_guide_links_to_is_there(path: Path) -> None:
    linked = re.findall(r"\]\(([^)#:]+)[^)]*\)", path.read_text(encoding="utf-8"))
    assert [target for target in linked if not (FOLDER / target).exists()] == []
