"""`--identity`, for orders that go out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from crawler.source import IDENTITIES, Identity

Command = TypeVar("Command", bound=Callable[..., Any])


def identity_option(default: Identity) -> Callable[[Command], Command]:
    return click.option(
        "--identity",
        type=click.Choice(sorted(IDENTITIES)),
        default=default.name,
        show_default=True,
        help="As whom to ask: by the name of this program, or as nobody in particular.",
    )
