"""Secrets are compared in constant time: the house rule that no linter knows (threat 73)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import gatehouse

SOURCE = Path(gatehouse.__file__).parent
# What, by its name, somebody could guess bit by bit if its comparison took longer the nearer they
# are. Of what is looked up by its hash, the hash decides nothing that a guess could learn.
SECRET = ("secret", "mac", "signature", "mark", "verifier", "pepper", "password", "nonce_sent")


def compared(tree: ast.AST) -> Iterator[ast.Compare]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(
            isinstance(op, ast.Eq | ast.NotEq) for op in node.ops
        ):
            yield node


def is_secret(node: ast.AST) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return name.lower().endswith(SECRET)


def test_no_secret_is_compared_by_a_sign():
    found = [
        f"{path.relative_to(SOURCE)}:{node.lineno}"
        for path in SOURCE.rglob("*.py")
        if path.parent.name != "settings"  # It knows the only secrets that everybody knows.
        for node in compared(ast.parse(path.read_text()))
        if any(is_secret(side) for side in (node.left, *node.comparators))
    ]

    assert found == []
