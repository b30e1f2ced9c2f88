"""The members of archives, one after the other: ZIP, tar, gzip; RAR and 7-Zip by the program bsdtar."""

from __future__ import annotations

import gzip
import shutil
import stat
import struct
import subprocess
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import cache, partial
from typing import IO, NamedTuple, cast

from catalog.text import media_types as types
from catalog.text.formats import Content, UnsupportedError
from catalog.text.package import member, opened

PROGRAM = "bsdtar"
_UTF8 = 0x800
_UNICODE_PATH = 0x7075
"""Fields of a ZIP file: the flag that a name is UTF-8, the extra field with such a name (APPNOTE 4.4.4,
4.6.9)."""


class Member(NamedTuple):
    """A file in an archive. To be opened, if at all, before the next one is asked for."""

    name: str
    open: Callable[[], AbstractContextManager[IO[bytes]]]


def in_zip(content: Content, _: list[str]) -> Iterator[Member]:
    """Raises `zipfile.BadZipFile`."""
    with opened(content.path) as package:
        for info in package.infolist():
            if stat.S_ISLNK(info.external_attr >> 16):
                yield Member(zip_name(info), _link)
            elif not info.is_dir():
                yield Member(zip_name(info), partial(member, package, info))


def in_tar(content: Content, _: list[str]) -> Iterator[Member]:
    """Raises `tarfile.TarError`, and what the compression raises."""
    with tarfile.open(content.path, "r|*") as archive:
        yield from _of(archive)


def in_gzip(content: Content, tools: list[str]) -> Iterator[Member]:
    """A tar, or one file, whose name is that of the archive without `.gz`."""
    with gzip.open(content.path) as file:
        is_tar = file.read(512)[257:262] == b"ustar"
    if is_tar:
        yield from in_tar(content, tools)
        return
    name = (content.name or "").removesuffix(".gz")
    yield Member(name or "content", partial(_unpacked, content))


def _unpacked(content: Content) -> AbstractContextManager[IO[bytes]]:
    return cast("AbstractContextManager[IO[bytes]]", gzip.open(content.path))


def by_program(content: Content, tools: list[str]) -> Iterator[Member]:
    """What bsdtar (libarchive) hands on as a tar, so that no member is written under its name."""
    program = shutil.which(PROGRAM)
    if program is None:
        raise UnsupportedError(
            f"archives of this type are read by the program {PROGRAM}, which is not installed"
            " (Debian package libarchive-tools)"
        )
    tools.append(_version(program))
    words = [program, "--format", "pax", "-cf", "-", f"@{content.path}"]
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(  # noqa: S603 - its path is looked up, and its input is a file of our own
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors
        ) as process,
    ):
        assert process.stdout is not None
        try:
            with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
                yield from _of(archive)
        except tarfile.ReadError:  # nothing came: what the program says tells why
            pass
        finally:
            process.stdout.close()
        if process.wait():
            errors.seek(0)
            said = errors.read(4096).decode("utf-8", "replace").strip().splitlines()
            raise ValueError(said[0] if said else f"{PROGRAM} ended with {process.returncode}")


def _of(archive: tarfile.TarFile) -> Iterator[Member]:
    for info in archive:
        if info.isreg():
            yield Member(tar_name(info.name), partial(_regular, archive, info))
        elif info.issym() or info.islnk():
            yield Member(tar_name(info.name), _link)


def _link() -> IO[bytes]:
    raise UnsupportedError("it is a link to another file")


def _regular(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(info)
    assert file is not None  # it is a regular file
    return file


def tar_name(name: str) -> str:
    """A name of bytes that are no UTF-8, as tar wrote it in China."""
    return _decoded(name.encode("utf-8", "surrogateescape"))


def zip_name(info: zipfile.ZipInfo) -> str:
    """The member's name: of one without the UTF-8 mark the bytes are GBK in China, not cp437."""
    if info.flag_bits & _UTF8:
        return info.filename
    raw = info.filename.encode("cp437", "replace")
    return _unicode_path(info.extra, raw) or _decoded(raw)


def _unicode_path(extra: bytes, raw: bytes) -> str | None:
    """The name that newer programs add beside one of an old code page, where it is of that name."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        data, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == _UNICODE_PATH and data[1:5] == struct.pack("<I", zlib.crc32(raw)):
            return data[5:].decode("utf-8", "replace")
    return None


def _decoded(raw: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("cp437")


@cache
def _version(program: str) -> str:
    done = subprocess.run([program, "--version"], capture_output=True, check=False)  # noqa: S603
    return " ".join(done.stdout.decode("ascii", "replace").split()[:4]) or PROGRAM


READERS: dict[str, Callable[[Content, list[str]], Iterator[Member]]] = {
    types.ZIP: in_zip,
    "application/java-archive": in_zip,
    types.TAR: in_tar,
    types.GZIP: in_gzip,
    types.RAR: by_program,
    types.SEVEN_ZIP: by_program,
}
"""What gives the members of archives of a type, and adds the programs that it uses to a list."""
