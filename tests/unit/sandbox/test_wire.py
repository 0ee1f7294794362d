"""Multipart forms as clients really send them."""

from __future__ import annotations

import httpx
import pytest

from backstay.sandbox.wire import Part, Request, form_parts, multipart

NASTY = bytes(range(256)) + b"\r\n--not the boundary\r\n\n\r"


def sent(**kwargs: object) -> Request:
    """What httpx makes of a form."""
    request = httpx.Request("POST", "http://x/", **kwargs)  # type: ignore[arg-type]
    return Request("POST", "/", {}, {"content-type": request.headers["content-type"]}, request.read())


@pytest.mark.parametrize("content", [b"", b"\x00" * 1000, NASTY, b"\r\n", b"ends with\r\n", b"--", "grün".encode()])
@pytest.mark.parametrize("kind", ["application/octet-stream", "multipart/form-data", "text/plain", "message/rfc822"])
def test_a_file_comes_out_as_it_went_in(content: bytes, kind: str) -> None:
    """Whatever the bytes are, and whatever type the client says that they are."""
    fields, files = multipart(sent(data={"name": "größe"}, files={"file": ("film.mp4", content, kind)}))
    assert fields == {"name": "größe"}
    assert (files["file"].filename, files["file"].content) == ("film.mp4", content)


def test_parts_of_one_name_all_come_out_in_their_order() -> None:
    """As `image[]` does for several pictures; fields and files keep their places."""
    files = [("image[]", ("a.png", b"1")), ("image[]", ("b.png", b"2")), ("mask", ("m.png", b"3"))]
    found = list(form_parts(sent(data={"prompt": "x"}, files=files)))
    assert found == [
        ("prompt", "x"), ("image[]", Part("a.png", b"1")), ("image[]", Part("b.png", b"2")),
        ("mask", Part("m.png", b"3")),
    ]  # fmt: skip
    assert list(form_parts(Request("POST", "/", {}, {"content-type": "application/json"}, b"{}"))) == []


def test_names_of_files_may_hold_quotes_and_umlauts() -> None:
    """As httpx writes them."""
    _, files = multipart(sent(files={"file": ('a "b" grün.png', b"x")}))
    assert files["file"].filename == 'a "b" grün.png'


@pytest.mark.parametrize("kind", ["", "application/json", "multipart/form-data", "multipart/mixed; boundary=x"])
def test_other_bodies_have_no_parts(kind: str) -> None:
    """No multipart form, or one without a boundary."""
    assert multipart(Request("POST", "/", {}, {"content-type": kind}, b'--x\r\n\r\n{"a": 1}\r\n--x--')) == ({}, {})


def test_a_boundary_may_be_quoted_and_a_form_cut_off() -> None:
    """What is whole is read; a part without its end is none."""
    part = b'--x y\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s'
    body = part % (b"a", b"1\r\n") + part % (b"b", b"2")
    request = Request("POST", "/", {}, {"content-type": 'multipart/form-data; boundary="x y"'}, body)
    assert multipart(request) == ({"a": "1"}, {})
