"""A digest is a value: equal by meaning, in whatever form it was written."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.digest import Absent, Digest, Digests, Hasher
from archive.errors import UsageError


@given(st.binary())
def test_hex_base32_and_base64_of_the_same_bytes_are_one_digest(data: bytes) -> None:
    found = Digests.of(data)
    value = found.sha256
    written = [
        f"sha256:{value.hex()}",
        f"SHA-256:{value.hex().upper()}",
        f"sha-256:{base64.b32encode(value).decode()}",
        f"sha256:{base64.b32encode(value).decode().rstrip('=').lower()}",
        f"sha256:{base64.b64encode(value).decode()}",
    ]
    assert {Digest.parse(form) for form in written} == {Digest("sha256", value)}
    assert [Digest.parse(form).raw for form in written] == written


@given(st.lists(st.binary()))
def test_bytes_in_pieces_have_the_digests_of_the_whole(parts: list[bytes]) -> None:
    hasher = Hasher()
    for part in parts:
        hasher.update(part)
    assert hasher.digests() == Digests.of(b"".join(parts)) == Digests.of_all(parts)


@given(st.binary())
def test_digests_survive_json(data: bytes) -> None:
    digests = Digests.of(data)
    assert Digests.from_json(digests.to_json()) == digests


@pytest.mark.parametrize("text", ["", "sha256", "sha256:", "sha256:00", "crc32:00000000", "a:b:c"])
def test_what_is_no_digest_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        Digest.parse(text)


def test_a_layer_is_absent_only_for_a_known_reason() -> None:
    assert Absent("truncated").to_json() == {"absent": "truncated"}
    with pytest.raises(ValueError, match="not a reason"):
        Absent("lost")
