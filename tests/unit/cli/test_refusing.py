"""How commands refuse."""

from __future__ import annotations

import pytest
import typer

from backstay.cli.refusing import refused
from backstay.errors import BackstayError, InvalidRequestError, ResourceError


@pytest.mark.parametrize(("error", "status", "said"), [
    (InvalidRequestError("no such record", field="id", value="ab", hint="list them"), 2,
     "id cannot be 'ab': no such record (list them)"),
    (InvalidRequestError("no such record", field="id", value="ab"), 2, "id cannot be 'ab': no such record"),
    (ResourceError("the disk is full", hint="free it"), 1, "the disk is full (free it)"),
])  # fmt: skip
def test_what_is_wrong_is_said_once(
    error: BackstayError, status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A failure that no field is to blame for is no field that "cannot be None", and ends with 1."""
    with pytest.raises(typer.Exit) as caught:
        refused(error)
    assert caught.value.exit_code == status
    told = " ".join(capsys.readouterr().err.split())
    assert said in told
    assert "None" not in told
