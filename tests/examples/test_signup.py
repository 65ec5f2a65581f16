"""The form of the talk: a press counts only when both rules hold, in a terminal, in a notebook and in a service."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import pytest

from examples import signup
from examples.signup import SignUp, User, about_email, about_name
from reactflow import Event, MemoryStore, Service, Unset, batch, effect
from reactflow.aws import Kinesis
from reactflow.testing import kinesis_event

ADA = User("Ada", "ada@example.org")
GRACE = User("Grace", "grace@example.com")
NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "03_form.ipynb"


@pytest.fixture
def form() -> SignUp:
    return SignUp()


@pytest.fixture
def created(form: SignUp) -> list[User]:
    """Those whom an observer is told of."""
    told: list[User] = []
    form.cells.created.subscribe(told.append)
    return told


def fill(form: SignUp, user: User) -> None:
    with batch():
        form.name, form.email = user


def test_an_empty_form_says_what_it_wants(form: SignUp) -> None:
    assert (form.name_says, form.email_says) == ("what is your name?", "where do we write to?")
    assert (form.name_ok, form.email_ok, form.complete) == (False, False, False)


@pytest.mark.parametrize(
    ("name", "email", "name_ok", "email_ok"),
    [
        ("", "", False, False),
        ("Ada", "", True, False),
        ("  ", ADA.email, False, True),
        ("Ada", "ada@", True, False),
        ("Ada", ADA.email, True, True),
    ],
)
def test_a_press_counts_only_when_both_rules_hold(
    form: SignUp, created: list[User], name: str, email: str, name_ok: bool, email_ok: bool
) -> None:
    form.name, form.email = name, email
    form.cells.create.emit(True)
    assert (form.name_ok, form.email_ok) == (name_ok, email_ok)
    assert form.presses == 1
    assert created == list(form.users) == ([ADA] if name_ok and email_ok else [])


def test_a_press_that_came_too_early_is_not_made_up_for(form: SignUp, created: list[User]) -> None:
    form.cells.create.emit(True)
    fill(form, ADA)
    assert created == []


def test_every_press_counts_equal_ones_too(form: SignUp, created: list[User]) -> None:
    fill(form, ADA)
    form.cells.create.emit(True)
    form.cells.create.emit(True)
    assert created == list(form.users) == [ADA, ADA]


def test_fields_and_button_may_come_together(form: SignUp, created: list[User]) -> None:
    with batch():
        form.cells.create.emit(True)
        fill(form, GRACE)
    assert created == [GRACE]


def test_a_batch_that_fails_creates_nobody(form: SignUp, created: list[User]) -> None:
    with pytest.raises(RuntimeError), batch():  # noqa: PT012  # the body is what fails
        fill(form, ADA)
        form.cells.create.emit(True)
        raise RuntimeError("the page was closed")
    assert (created, form.users, form.presses, form.name) == ([], (), 0, "")


def test_a_form_that_is_not_complete_describes_nobody(form: SignUp) -> None:
    with pytest.raises(Unset, match="'user' is unset"):
        _ = form.user
    fill(form, ADA)
    assert form.user == ADA
    form.email = "ada"
    assert not form.cells.user.is_set


def test_the_button_is_never_seen_with_fields_that_do_not_belong_to_it(form: SignUp) -> None:
    seen: list[tuple[str, str, bool]] = []
    effect(lambda: seen.append((form.name, form.email, form.complete)))
    fill(form, ADA)
    fill(form, User("", ""))
    assert seen == [("", "", False), (*ADA, True), ("", "", False)]


@pytest.mark.parametrize("name", ["Ada", " Ada ", "Émilie du Châtelet"])
def test_a_name_is_anything_but_blank(name: str) -> None:
    assert about_name(name) == ""


@pytest.mark.parametrize("email", ["ada", "@example.org", "ada@", "ada@org", "ada@.org", "ada@org."])
def test_an_address_has_a_user_and_a_host(email: str) -> None:
    assert about_email(email) == f"{email} is no address"


def test_the_scripted_session_creates_two_users_with_four_presses(capsys: pytest.CaptureFixture[str]) -> None:
    signup.main()
    assert capsys.readouterr().out.splitlines() == [
        "  [       ] [                  ]  what is your name?",
        "* press",
        "  [Ada    ] [                  ]  where do we write to?",
        "  [Ada    ] [ada@              ]  ada@ is no address",
        "* press",
        "  [Ada    ] [ada@example.org   ]  ( Create new user )",
        "* press",
        "  Welcome, Ada!",
        "  [       ] [                  ]  what is your name?",
        "  [Grace  ] [grace@example.com ]  ( Create new user )",
        "* press",
        "  Welcome, Grace!",
        "  [       ] [                  ]  what is your name?",
        "4 presses, 2 users: Ada, Grace",
    ]


def test_the_step_creates_the_same_users() -> None:
    step = SignUp.step()
    events = [
        Event({}, {"create": True}),
        Event({"name": "Ada"}),
        Event({"email": ADA.email}, {"create": True}),
        Event(GRACE._asdict(), {"create": True}),
    ]
    state, changes = step(step.initial(), events)
    assert [value for name, value in changes.occurrences if name == "created"] == [ADA, GRACE]
    assert step.values(state)["users"] == (ADA, GRACE)


def test_bound_to_a_stream_there_is_a_form_for_each_visitor() -> None:
    store = MemoryStore()
    forms = Service(
        SignUp, name="forms", key="visitor", inputs=[Kinesis("typed", partition="visitor")], store=store
    )
    typed = kinesis_event(
        {"visitor": "v1", "name": "Ada", "create": True},
        {"visitor": "v2", **GRACE._asdict(), "create": True},
        {"visitor": "v1", "email": ADA.email, "create": True},
        stream="typed",
        partition="visitor",
    )
    for _ in range(2):  # a trigger may deliver it again
        assert forms.handler(typed) == {"batchItemFailures": []}
    found = {}
    for unit in store.units("forms"):
        item = store.get("forms", unit)
        assert item is not None
        found[unit] = SignUp.step().values(SignUp.step().read(item.cells))["users"]
    assert found == {"visitor=v1": (ADA,), "visitor=v2": (GRACE,)}


def test_the_notebook_declares_the_same_form() -> None:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    declared = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code") + "\n"
    for part in (User, about_name, about_email, SignUp):
        assert inspect.getsource(part) in declared
