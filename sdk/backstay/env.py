"""Settings from the environment, for the `from_env` of adapters."""

from __future__ import annotations

import os
from typing import Any

from backstay.errors import InvalidRequestError


def variable(name: str, instead: str) -> str:
    """The value of an environment variable; raises InvalidRequestError, which names it and what to do instead."""
    value = os.environ.get(name, "")
    if not value:
        raise InvalidRequestError(f"{name} is not set", field=name, hint=f"export {name}=..., or {instead}")
    return value


def as_set(**variables: str) -> dict[str, Any]:
    """Arguments whose variables are set and not empty: `as_set(model="X_MODEL")`; the others keep their defaults."""
    return {name: value for name, variable in variables.items() if (value := os.environ.get(variable))}


def flag(name: str) -> bool:
    """Whether a variable says yes: 1, true or yes."""
    return os.environ.get(name, "").lower() in {"1", "true", "yes"}
