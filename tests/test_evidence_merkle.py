"""A proof holds for one entry, one place and one root, or for one older tree, and for nothing else."""

from __future__ import annotations

import base64
import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.evidence.merkle import (
    EMPTY_ROOT,
    ProofError,
    leaf_hash,
    node_hash,
    root_from_inclusion,
    verify_consistency,
    verify_inclusion,
)
from tests.shared import shared
from tests.tlogs import consistency, inclusion, merkle_root

HASHES = st.binary(min_size=32, max_size=32)


def test_every_published_vector_of_inclusion_is_answered_right() -> None:
    paths = sorted(
        shared("data/vectors/transparency-dev+merkle/testdata/inclusion").rglob("*.json")
    )
    assert len(paths) == 98
    for path in paths:
        vector = json.loads(path.read_text())
        refused = _refused(
            verify_inclusion,
            vector["leafIdx"],
            vector["treeSize"],
            _bytes(vector["leafHash"]),
            [_bytes(value) for value in vector["proof"] or ()],
            _bytes(vector["root"]),
        )
        assert refused == vector["wantErr"], path


def test_every_published_vector_of_consistency_is_answered_right() -> None:
    folder = shared("data/vectors/transparency-dev+merkle/testdata/consistency")
    paths = sorted(folder.rglob("*.json"))
    assert len(paths) == 98
    for path in paths:
        vector = json.loads(path.read_text())
        refused = _refused(
            verify_consistency,
            vector["size1"],
            vector["size2"],
            _bytes(vector["root1"]),
            _bytes(vector["root2"]),
            [_bytes(value) for value in vector["proof"] or ()],
        )
        assert refused == vector["wantErr"], path


def test_the_hashes_are_those_of_the_standard() -> None:
    assert sha256().digest() == EMPTY_ROOT
    assert leaf_hash(b"") == sha256(b"\0").digest()
    assert node_hash(b"a", b"b") == sha256(b"\1ab").digest()


@given(st.integers(1, 70), st.data())
def test_the_proof_of_every_entry_leads_to_the_root_and_to_no_other_place(
    size: int, data: st.DataObject
) -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(size)]
    root = merkle_root(leaves)
    index = data.draw(st.integers(0, size - 1))
    path = inclusion(index, leaves)
    verify_inclusion(index, size, leaves[index], path, root)
    for elsewhere in set(range(size)) - {index}:
        assert _refused(verify_inclusion, elsewhere, size, leaves[index], path, root)


@given(st.integers(1, 40), st.data())
def test_a_flipped_bit_anywhere_breaks_a_proof_of_inclusion(size: int, data: st.DataObject) -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(size)]
    index = data.draw(st.integers(0, size - 1))
    parts = [merkle_root(leaves), leaves[index], *inclusion(index, leaves)]
    _flip(parts, data)
    root, leaf, *path = parts
    with pytest.raises(ProofError) as caught:
        verify_inclusion(index, size, leaf, path, root)
    assert caught.value.expected == root
    assert caught.value.computed == root_from_inclusion(index, size, leaf, path)


@given(st.integers(1, 70), st.data())
def test_a_tree_is_proved_to_begin_with_each_older_one_and_with_no_other(
    size: int, data: st.DataObject
) -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(size)]
    older = data.draw(st.integers(1, size))
    roots = merkle_root(leaves[:older]), merkle_root(leaves)
    path = consistency(older, leaves)
    verify_consistency(older, size, *roots, path)
    parts = [*roots, *path]
    _flip(parts, data)
    assert _refused(verify_consistency, older, size, parts[0], parts[1], parts[2:])


def test_a_proof_of_another_shape_is_refused_before_it_is_computed() -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(7)]
    path = inclusion(3, leaves)
    for wrong in (path[:-1], [*path, path[0]], [path[0][:31], *path[1:]], []):
        with pytest.raises(ProofError) as caught:
            verify_inclusion(3, 7, leaves[3], wrong, merkle_root(leaves))
        assert caught.value.computed is None


@given(
    st.integers(-1, 9) | st.integers(),
    st.integers(-1, 9) | st.integers(),
    HASHES | st.binary(),
    HASHES | st.binary(),
    st.lists(HASHES | st.binary(max_size=33), max_size=9),
)
def test_no_proof_breaks_the_checking_of_it(
    first: int, second: int, one: bytes, other: bytes, path: list[bytes]
) -> None:
    _refused(verify_inclusion, first, second, one, path, other)
    _refused(verify_consistency, first, second, one, other, path)


def _refused(check: object, *arguments: object) -> bool:
    assert callable(check)
    try:
        check(*arguments)
    except ProofError:
        return True
    return False


def _flip(parts: list[bytes], data: st.DataObject) -> None:
    """Turn one bit of one of the hashes."""
    part = data.draw(st.integers(0, len(parts) - 1))
    bit = data.draw(st.integers(0, 255))
    changed = bytearray(parts[part])
    changed[bit // 8] ^= 1 << bit % 8
    parts[part] = bytes(changed)


def _bytes(text: str | None) -> bytes:
    return base64.b64decode(text or "")
