"""What a domain tells the application about itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import click
from flask import Blueprint

from gatehouse.core.roles import Role
from gatehouse.core.settings import Settings


@dataclass(frozen=True, slots=True)
class Grant:
    """``role`` may do ``permissions`` inside its own organization."""

    role: Role
    permissions: frozenset[StrEnum]


@dataclass(frozen=True, slots=True)
class Domain:
    """The one place where a domain says what it brings along.

    ``jobs``, ``reactions`` and ``handlers`` are functions marked with the decorators of
    ``core/reactions.py``; ``personal_data`` are functions of context and account, named after the
    part of an export that they give; ``lane`` are views of ``apis`` and ``endpoints`` that are
    called so often that they are reached before Flask; ``ports`` are outside systems, and answers
    that lower domains ask of higher ones.
    """

    apis: tuple[Blueprint, ...] = ()
    pages: tuple[Blueprint, ...] = ()
    endpoints: tuple[Blueprint, ...] = ()
    lane: tuple[Callable[..., Any], ...] = ()
    commands: tuple[click.Command, ...] = ()
    grants: tuple[Grant, ...] = ()
    ports: Mapping[type[Any], Callable[[Settings], Any]] = field(default_factory=dict)
    reactions: tuple[Callable[..., Any], ...] = ()
    handlers: tuple[Callable[..., Any], ...] = ()
    mails: tuple[Callable[..., Any], ...] = ()
    personal_data: tuple[Callable[..., Any], ...] = ()
    jobs: tuple[Callable[..., Any], ...] = ()
