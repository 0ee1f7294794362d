"""Meta's simulator: images by their hash, videos whole and in chunks."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from tests.unit.meta.sandbox_api import JPY, STORY, Api, Json, filtering, good, refused

PIXELS = b"\x89PNG pixels"
HASH = hashlib.md5(PIXELS).hexdigest()


# Images -------------------------------------------------------------------------------------------------------


def test_the_same_bytes_are_the_same_image() -> None:
    """A file or base64, once or twice: one hash, one object, one effect."""
    api = Api()
    first = api.upload(f"{api.act}/adimages", {"filename": ("cover.png", PIXELS)})["images"]["cover.png"]
    again = api.post(f"{api.act}/adimages", bytes=base64.b64encode(PIXELS).decode(), name="other")["images"]["bytes"]
    assert first["hash"] == again["hash"] == HASH
    assert set(first) >= {"hash", "url", "name", "width", "height"}
    assert [(each.kind, each.level) for each in api.sandbox.world.log] == [("upload", "image")]


def test_several_files_in_one_call_and_the_library() -> None:
    """Each under its file's name; found by hash, listed, deleted; accounts have libraries of their own."""
    api = Api()
    body = api.upload(f"{api.act}/adimages", {"a": ("a.png", b"a"), "b": ("b.png", b"b")})
    assert set(body["images"]) == {"a.png", "b.png"}
    one = body["images"]["a.png"]["hash"]
    rows = api.get(f"{api.act}/adimages", hashes=[one, "nobody"], fields="hash,name,status")["data"]
    assert [(row["hash"], row["name"], row["status"]) for row in rows] == [(one, "a.png", "ACTIVE")]
    assert [row["name"] for row in api.get(f"{api.act}/adimages")["data"]] == ["b.png", "a.png"]
    assert Api(JPY, api.sandbox).get(f"/act_{JPY}/adimages", hashes=[one])["data"] == []
    assert api.delete(f"{api.act}/adimages", hash=one) == {"success": True}
    assert api.get(f"{api.act}/adimages", hashes=[one])["data"] == []
    refused(api.delete(f"{api.act}/adimages", hash="nobody"), 100)
    api.upload(f"{api.act}/adimages", {"a": ("a.png", b"a")})
    assert api.get(f"{api.act}/adimages", hashes=[one])["data"]


@pytest.mark.parametrize(
    ("files", "form", "text"),
    [
        ({}, {}, "bytes is required"),
        ({}, {"bytes": "***"}, "must be base64"),
        ({"filename": ("a.png", b"")}, {}, "no content"),
    ],
)
def test_images_that_are_none(files: Any, form: Json, text: str) -> None:
    """No file, no base64, an empty file."""
    api = Api()
    body = api.upload(f"{api.act}/adimages", files, **form) if files else api.post(f"{api.act}/adimages", **form)
    refused(body, 100, None, text)
    assert not api.sandbox.world.log


# Videos -------------------------------------------------------------------------------------------------------


def video(api: Api, content: bytes = b"film", **form: Any) -> str:
    """A video in one call."""
    return good(api.upload(f"{api.act}/advideos", {"source": ("film.mp4", content)}, **form))


def status(api: Api, id_: str) -> str:
    """`video_status` now."""
    return str(api.get(f"/{id_}", fields="status")["status"]["video_status"])


def test_a_video_is_ready_after_a_while() -> None:
    """processing, then ready; thumbnails come with it; each upload is another video."""
    api = Api(transcode=5.0)
    id_ = video(api, title="Spring")
    assert status(api, id_) == "processing"
    assert api.get(f"/{id_}/thumbnails")["data"] == []
    api.now += 5
    assert status(api, id_) == "ready"
    assert api.get(f"/{id_}/thumbnails")["data"][0]["is_preferred"] is True
    assert video(api) != id_
    rows = api.get(f"{api.act}/advideos", fields="title", filtering=filtering("title", "EQUAL", "Spring"))["data"]
    assert [row["id"] for row in rows] == [id_]
    assert api.post(f"/{id_}", title="Summer") == {"success": True}
    assert api.get(f"/{id_}", fields="title,length")["title"] == "Summer"


def test_a_title_carries_the_marker() -> None:
    """So that an upload can be looked for."""
    api = Api()
    id_ = video(api, title="Film bs-aaaaaaaaaaaaaaaa")
    assert [thing.id for thing in api.sandbox.world.objects("a" * 16)] == [id_]


def test_a_video_may_break() -> None:
    """error instead of ready; a creative cannot use it."""
    api = Api(transcode=5.0)
    id_ = video(api, b"[broken] film")
    api.now += 5
    assert status(api, id_) == "error"
    story = {"page_id": "1", "video_data": {"video_id": id_, "image_url": "https://example.com/x.jpg"}}
    refused(api.post(f"{api.act}/adcreatives", name="x", object_story_spec=story), 100, 1885252)


@pytest.mark.parametrize(("strict", "refuses"), [(True, True), (False, False)])
def test_a_creative_waits_for_its_video(strict: bool, refuses: bool) -> None:
    """100/1885252 while it is processing, unless that is switched off."""
    api = Api(transcode=5.0, video_must_be_ready=strict)
    id_ = video(api)
    image = api.upload(f"{api.act}/adimages", {"f": ("a.png", PIXELS)})["images"]["a.png"]["hash"]
    story = {"page_id": "1", "video_data": {"video_id": id_, "image_hash": image}}
    body = api.post(f"{api.act}/adcreatives", name="x", object_story_spec=story)
    if refuses:
        refused(body, 100, 1885252)
        api.now += 5
        body = api.post(f"{api.act}/adcreatives", name="x", object_story_spec=story)
    assert good(body)


@pytest.mark.parametrize(
    ("form", "files", "code", "subcode"),
    [({}, {"other": ("a", b"x")}, 100, None), ({}, {"source": ("a", b"")}, 6000, 1363045)],
)
def test_videos_that_are_none(form: Json, files: Any, code: int, subcode: int | None) -> None:
    """Neither file nor address; an empty file."""
    api = Api()
    refused(api.upload(f"{api.act}/advideos", files, **form), code, subcode)
    assert good(api.post(f"{api.act}/advideos", file_url="https://example.com/a.mp4"))


def test_a_video_in_chunks() -> None:
    """start, transfer as far as the server asks, finish; offsets are texts."""
    api = Api(chunk=4, transcode=5.0)
    film = b"0123456789"
    begun = api.post(f"{api.act}/advideos", upload_phase="start", file_size=len(film))
    assert (begun["start_offset"], begun["end_offset"]) == ("0", "4")
    assert status(api, begun["video_id"]) == "uploading"
    at, end, seen = begun["start_offset"], begun["end_offset"], []
    while at != end:
        seen.append((at, end))
        body = transfer(api, begun["upload_session_id"], int(at), film[int(at) : int(end)])
        at, end = body["start_offset"], body["end_offset"]
    assert seen == [("0", "4"), ("4", "8"), ("8", "10")]
    done = api.post(
        f"{api.act}/advideos", upload_phase="finish", upload_session_id=begun["upload_session_id"], title="T"
    )
    assert done == {"success": True}
    api.now += 5
    assert status(api, begun["video_id"]) == "ready"
    assert api.get(f"/{begun['video_id']}", fields="title")["title"] == "T"
    again = api.post(f"{api.act}/advideos", upload_phase="finish", upload_session_id=begun["upload_session_id"])
    assert again == {"success": True}


def transfer(api: Api, session: str, at: int, chunk: bytes) -> Any:
    """One chunk."""
    return api.upload(
        f"{api.act}/advideos", {"video_file_chunk": ("film.mp4", chunk)}, upload_phase="transfer",
        upload_session_id=session, start_offset=str(at),
    )  # fmt: skip


@pytest.mark.parametrize(("at", "chunk"), [(0, b"0123"), (8, b"89"), (4, b""), (4, b"4567890123")])
def test_a_chunk_that_does_not_fit_says_where_to_go_on(at: int, chunk: bytes) -> None:
    """6001/1363037 with the offsets as whole numbers in error_data; the same session goes on from there."""
    api = Api(chunk=4)
    session = api.post(f"{api.act}/advideos", upload_phase="start", file_size=10)["upload_session_id"]
    transfer(api, session, 0, b"0123")
    error = refused(transfer(api, session, at, chunk), 6001, 1363037)
    assert error["error_data"] == {"start_offset": 4, "end_offset": 8}
    assert transfer(api, session, 4, b"456789") == {"start_offset": "10", "end_offset": "10"}


@pytest.mark.parametrize(
    ("form", "code", "subcode", "text"),
    [
        ({"upload_phase": "begin"}, 100, None, "upload_phase must be one of"),
        ({"upload_phase": "start"}, 100, None, "file_size is required"),
        ({"upload_phase": "start", "file_size": 0}, 100, None, "file_size is required"),
        ({"upload_phase": "finish"}, 100, None, "upload_session_id is required"),
        ({"upload_phase": "finish", "upload_session_id": "9"}, 100, 33, "does not exist"),
        ({"upload_phase": "transfer", "upload_session_id": "OPEN"}, 100, None, "video_file_chunk is required"),
        ({"upload_phase": "finish", "upload_session_id": "OPEN"}, 100, None, "not been uploaded as a whole"),
    ],
)
def test_phases_that_are_wrong(form: Json, code: int, subcode: int | None, text: str) -> None:
    """Refused; the open session is not harmed."""
    api = Api()
    session = api.post(f"{api.act}/advideos", upload_phase="start", file_size=4)["upload_session_id"]
    asked = {name: session if value == "OPEN" else value for name, value in form.items()}
    refused(api.post(f"{api.act}/advideos", **asked), code, subcode, text)
    assert transfer(api, session, 0, b"0123")["start_offset"] == "4"


def test_an_upload_can_be_given_up_and_is_no_other_accounts() -> None:
    """A cancelled session is not there any more; nor is another account's."""
    api = Api()
    session = api.post(f"{api.act}/advideos", upload_phase="start", file_size=4)["upload_session_id"]
    refused(transfer(Api(JPY, api.sandbox), session, 0, b"0123"), 100, 33)
    assert api.post(f"{api.act}/advideos", upload_phase="cancel", upload_session_id=session) == {"success": True}
    refused(transfer(api, session, 0, b"0123"), 100, 33)


def test_a_video_that_is_not_complete_cannot_be_shown() -> None:
    """A creative does not find it."""
    api = Api()
    begun = api.post(f"{api.act}/advideos", upload_phase="start", file_size=4)
    story = {**STORY, "video_data": {"video_id": begun["video_id"], "image_url": "x"}}
    refused(api.post(f"{api.act}/adcreatives", name="x", object_story_spec=story), 100, None, "Video not found")
