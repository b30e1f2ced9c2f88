"""Archive files as others write them, whole and broken, made here byte by byte."""

from __future__ import annotations

import base64
import gzip
import hashlib
import zipfile
from pathlib import Path

import orjson

CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/html\r\n\r\n"
    b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
)
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"


def sha1(data: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode()


def warc_record(
    block: bytes,
    *,
    number: int = 1,
    kind: str = "response",
    version: str = "1.0",
    length: int | None = None,
    drop: str = "",
    more: dict[str, str] | None = None,
) -> bytes:
    """One WARC record with its closing line ends; `length` lies, `drop` leaves a header out."""
    headers = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:00000000-0000-4000-8000-{number:012}>",
        "WARC-Date": "2021-03-04T05:06:07Z",
        "WARC-Target-URI": f"http://example.org/{number}",
        "Content-Type": "application/http; msgtype=response",
        "Content-Length": str(len(block) if length is None else length),
        **(more or {}),
    }
    lines = [f"{name}: {value}" for name, value in headers.items() if name != drop]
    return "\r\n".join([f"WARC/{version}", *lines, "", ""]).encode() + block + b"\r\n\r\n"


def members(*records: bytes) -> bytes:
    """Each record in a gzip member of its own."""
    return b"".join(gzip.compress(record) for record in records)


def arc(*blocks: bytes) -> bytes:
    info = b"1 0 Tests\nURL IP-address Archive-date Content-type Archive-length\n\n"
    records = [b"filedesc://a.arc 0.0.0.0 20060305082251 text/plain %d\n%s" % (len(info), info)]
    line = b"http://example.org/%d 192.0.2.1 20060305082252 text/html %d\n%s\n"
    records += [line % (number, len(block), block) for number, block in enumerate(blocks, 1)]
    return b"".join(records)


def har(*contents: tuple[str, bytes]) -> bytes:
    entries = [
        {
            "startedDateTime": "2022-01-02T03:04:05.678+08:00",
            "request": {"method": "GET", "url": f"https://example.org/{number}"},
            "response": {
                "status": 200,
                "headers": [{"name": "Content-Type", "value": media}],
                "content": {
                    "size": len(data),
                    "mimeType": media,
                    "text": base64.b64encode(data).decode(),
                    "encoding": "base64",
                },
            },
        }
        for number, (media, data) in enumerate(contents, 1)
    ]
    return orjson.dumps({"log": {"version": "1.2", "entries": entries}})


def wacz(path: Path, warcs: dict[str, bytes], *, lie: bool = False, unlisted: str = "") -> Path:
    """A WACZ; with `lie` its list gives wrong hashes, and it omits the member `unlisted`."""
    listed = [
        {
            "name": name.rpartition("/")[2],
            "path": name,
            "hash": "sha256:" + hashlib.sha256(data + b"!" * lie).hexdigest(),
            "bytes": len(data),
        }
        for name, data in warcs.items()
        if name != unlisted
    ]
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in warcs.items():
            archive.writestr(name, data)
        archive.writestr("datapackage.json", orjson.dumps({"resources": listed}))
    return path
