"""The form of a talk: Name and Email, each checked by a rule; "Create new user" counts only when both hold.

Nobody asks the form whether it is complete: the cells say so. ``python -m examples.signup`` fills it in.
"""

from __future__ import annotations

from typing import NamedTuple

from reactflow import Derived, Flow, Fold, Pulse, Unset, batch, cell, derived, effect, fold, folds, pulse


class User(NamedTuple):
    """Somebody who was created."""

    name: str
    email: str


def about_name(name: str) -> str:
    """What is wrong with a name; nothing when the rule holds."""
    return "" if name.strip() else "what is your name?"


def about_email(email: str) -> str:
    """What is wrong with an address; nothing when the rule holds."""
    if not email:
        return "where do we write to?"
    user, _, host = email.partition("@")
    return "" if user and "." in host.strip(".") else f"{email} is no address"


listed: Fold[User, tuple[User, ...]] = Fold((), lambda users, user: (*users, user), name="list")


class SignUp(Flow):
    """The form, and the users whom it created."""

    name = cell("")
    email = cell("")
    create: Pulse[bool] = pulse()  # each press of the button

    name_says = name.map(about_name)
    email_says = email.map(about_email)
    name_ok = name_says.eq("")
    email_ok = email_says.eq("")
    complete = name_ok.and_(email_ok)

    @derived
    def user(self) -> User:
        """Whom the form describes; unset while it is not complete."""
        if not self.complete:
            raise Unset("the form is not complete")
        return User(self.name.strip(), self.email)

    created = derived(lambda press, user: user, create, user)  # no user, no occurrence
    presses = fold(create, folds.count)
    users: Derived[tuple[User, ...]] = fold(created, listed)


def drawn(form: SignUp) -> str:
    """The form on one line: two fields, and the button or what keeps it back."""
    button = "( Create new user )" if form.complete else form.name_says or form.email_says
    return f"  [{form.name:<7}] [{form.email:<18}]  {button}"


def main() -> None:
    """Fill in the form twice, and press too early."""
    form = SignUp()

    def welcome(user: User) -> None:
        print(f"  Welcome, {user.name}!")
        with batch():  # an empty form for the next one
            form.name = form.email = ""

    form.cells.create.subscribe(lambda _: print("* press"))
    form.cells.created.subscribe(welcome)
    effect(lambda: print(drawn(form)))

    form.cells.create.emit(True)  # too early: nothing comes of it
    form.name = "Ada"
    form.email = "ada@"
    form.cells.create.emit(True)  # still too early
    form.email = "ada@example.org"
    form.cells.create.emit(True)
    with batch():
        form.name, form.email = "Grace", "grace@example.com"
    form.cells.create.emit(True)
    print(f"{form.presses} presses, {len(form.users)} users: {', '.join(user.name for user in form.users)}")


if __name__ == "__main__":
    main()
