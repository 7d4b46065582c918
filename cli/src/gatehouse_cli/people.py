"""People and their organizations, in words."""

from typing import Any

from gatehouse_cli.output import Output


def named(user: Any) -> str:
    return f"{user.get('full_name') or ''} <{user['email']}>".strip()


def show_person(output: Output, sentence: str, me: Any) -> None:
    """Who somebody is: the data for programs, a sentence and the organizations for people."""
    if output.as_json:
        output.data(me)
        return
    output.line(sentence)
    rows = [(one["slug"], one.get("role", ""), one["name"]) for one in me["organizations"]]
    if rows:
        output.table(("Organization", "Role", "Name"), rows)
