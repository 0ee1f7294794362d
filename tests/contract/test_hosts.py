"""Both media hosts under the conformance suite: a folder, and a bucket of the simulator on a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from backstay import Runtime
from backstay.hosting import FolderHost
from backstay.sandbox import serve
from backstay.testing.conformance import HostBench, MediaHostConformance
from backstay_adapters.s3 import S3Host
from backstay_adapters.s3.sandbox import BUCKET, KEY, S3Sandbox

BASE = "https://media.example"


class TestFolderHost(MediaHostConformance):
    """A folder; its web server is a read of the file."""

    @pytest.fixture
    def bench(self, tmp_path: Path) -> HostBench:
        async def fetch(url: str) -> bytes | None:
            file = tmp_path / url.removeprefix(f"{BASE}/")
            return file.read_bytes() if file.exists() else None

        return HostBench(lambda: FolderHost(tmp_path, BASE, runtime=Runtime.in_memory(listeners=())), fetch)


class TestS3Host(MediaHostConformance):
    """A server with conditional writes."""

    conditional = True

    @pytest.fixture
    async def bench(self) -> AsyncIterator[HostBench]:
        vendor = S3Sandbox(conditional=self.conditional)
        name, secret = KEY.split(":")
        made: list[S3Host] = []
        async with serve({"s3": vendor}) as served, httpx.AsyncClient() as client:

            def make() -> S3Host:
                host = S3Host(
                    BUCKET, name, secret, endpoint_url=served.urls["s3"], style="path", conditional=self.conditional,
                    runtime=Runtime.in_memory(listeners=()),
                )  # fmt: skip
                made.append(host)
                return host

            async def fetch(url: str) -> bytes | None:
                answer = await client.get(url)
                return answer.content if answer.status_code == 200 else None

            yield HostBench(make, fetch)
            for host in made:
                await host.aclose()


class TestS3HostWithoutConditionalWrites(TestS3Host):
    """A server that knows none: it is looked at before anything is written."""

    conditional = False
