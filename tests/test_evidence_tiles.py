"""Tiles hold the tree of every size up to the log's own, whatever the steps in which it grew."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from archive.errors import Error
from archive.evidence.growth import Growth
from archive.evidence.merkle import (
    EMPTY_ROOT,
    ProofError,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from archive.evidence.tiles import (
    MAX_ENTRY,
    EntryBundle,
    Tile,
    TileError,
    TileFolder,
    encode_entry_bundle,
    parse_entry_bundle,
    parse_path,
)
from archive.evidence.tree import Tree
from tests.tlogs import Tiles, consistency, entries, grown, inclusion, merkle_root, write

SIZES = (1, 2, 3, 255, 256, 257, 511, 512, 1000)
WIDEST = max(SIZES)
LEAVES = [leaf_hash(entry) for entry in entries(WIDEST)]


@pytest.mark.parametrize(
    ("part", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(63, 5, 1), "tile/63/005.p/1"),
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(2, 1067, 255), "tile/2/x001/067.p/255"),
        (Tile(1, 999), "tile/1/999"),
        (Tile(1, 1000), "tile/1/x001/000"),
        (EntryBundle(1234067), "tile/entries/x001/x234/067"),
        (EntryBundle(0, 5), "tile/entries/000.p/5"),
    ],
)
def test_a_path_is_the_one_of_the_standard(part: Tile | EntryBundle, path: str) -> None:
    assert part.path == path
    assert parse_path(path) == part


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/0",
        "tile/00/000",
        "tile/64/000",
        "tile/0/x000/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/300",
        "tile/0/000.p/01",
        "tile/0/000/000",
        "tile/0/../000",
        "/tile/0/000",
        "tile/entry/000",
        "tile/0/000\n",
        "tile/0/٠٠٠",
        "checkpoint",
    ],
)
def test_a_path_that_no_tile_has_is_refused(path: str, tmp_path: Path) -> None:
    with pytest.raises(TileError, match="path"):
        TileFolder(tmp_path)(path)


@given(st.text() | st.text("tile/0123456789x.p"))
def test_no_text_breaks_the_reading_of_a_path(path: str) -> None:
    for attempt in (path, f"tile/0/{path}", f"tile/entries/000{path}"):
        try:
            assert parse_path(attempt).path == attempt
        except TileError:
            continue


def test_the_example_of_the_standard_has_the_tiles_that_it_names() -> None:
    _, tiles = grown(70_000)
    hashes = {path: len(data) // 32 for path, data in tiles.items() if "entries" not in path}
    assert hashes == {
        **{Tile(0, index).path: 256 for index in range(273)},
        "tile/0/273.p/112": 112,
        "tile/1/000": 256,
        "tile/1/001.p/17": 17,
        "tile/2/000.p/1": 1,
    }
    assert {path.replace("entries", "0") for path in tiles if "entries" in path} == {
        path for path in hashes if path.startswith("tile/0/")
    }
    assert set(grown(256)[1]) == {"tile/entries/000", "tile/0/000", "tile/1/000.p/1"}


@pytest.mark.parametrize("size", SIZES)
def test_the_root_and_each_proof_are_those_of_the_definition(size: int) -> None:
    growth, tiles = grown(size)
    tree = Tree(size, tiles)
    leaves = LEAVES[:size]
    assert tree.root() == growth.root == merkle_root(leaves)
    assert list(tree.entries(0, size)) == entries(size)
    for index in {0, 1, 254, 255, 256, size // 2, size - 1} & set(range(size)):
        assert tree.entry(index) == entries(size)[index]
        assert tree.leaf_hash(index) == leaves[index]
        assert tree.inclusion(index) == tuple(inclusion(index, leaves))
        assert tree.consistency(index + 1) == tuple(consistency(index + 1, leaves))


def test_the_proof_of_every_entry_and_of_every_older_tree_verifies() -> None:
    _, tiles = grown(600)
    tree = Tree(600, tiles)
    for index in range(600):
        verify_inclusion(index, 600, LEAVES[index], tree.inclusion(index), tree.root())
        older = Tree(index + 1, _only_wider(tiles)).root()
        verify_consistency(index + 1, 600, older, tree.root(), tree.consistency(index + 1))


@settings(max_examples=40)
@given(st.lists(st.integers(0, 600), min_size=1, max_size=6))
@example([255, 1, 1, 255, 0])
@example([256, 256, 1, 1])
def test_a_log_grown_in_any_steps_has_the_bytes_of_one_made_at_once(steps: list[int]) -> None:
    tiles = Tiles()
    size = 0
    for step in steps:
        growth = Growth(size, tiles)
        new = dict(growth.extend(iter(entries(step, size))))
        assert bool(new) == bool(step)
        tiles.put(new.items())
        size += step
        assert growth.size == size
        once, made = grown(size)
        assert growth.root == once.root
        assert made.items() <= tiles.items()


def test_one_growth_goes_on_from_where_it_was() -> None:
    tiles = Tiles()
    growth = Growth(0, tiles)
    for first in range(0, 1000, 100):
        tiles.put(growth.extend(entries(100, first)))
    once, made = grown(1000)
    assert growth.root == once.root
    assert made.items() <= tiles.items()


@settings(max_examples=40)
@given(st.data())
def test_an_older_tree_out_of_a_larger_log_is_the_tree_of_then(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, WIDEST))
    older = data.draw(st.integers(1, size))
    index = data.draw(st.integers(0, older - 1))
    then, then_tiles = grown(older)
    tree = Tree(older, _only_wider(grown(size)[1]))
    assert tree.root() == then.root
    assert tree.inclusion(index) == Tree(older, then_tiles).inclusion(index)
    assert tree.consistency(index + 1) == Tree(older, then_tiles).consistency(index + 1)
    assert list(tree.entries(index, older - index)) == entries(older)[index:]


def test_a_log_of_2_to_the_24_is_as_right_as_its_tiles() -> None:
    """Not all made: the right edge is enough to go on, three levels up."""
    full = sha256(b"x").digest() * 255
    size = 255 * (2**16 + 2**8 + 1)
    edge = Tiles(
        {
            "tile/0/x065/535.p/255": leaf_hash(b"e") * 255,
            "tile/entries/x065/535.p/255": encode_entry_bundle([b"e"] * 255),
            "tile/1/255.p/255": full,
            "tile/2/000.p/255": full,
        }
    )
    growth = Growth(size, edge)
    new = dict(growth.extend([b"e"]))
    assert list(new) == [
        "tile/entries/x065/535",
        "tile/0/x065/535",
        "tile/1/255",
        "tile/2/000",
        "tile/3/000.p/1",
    ]
    assert growth.root == new["tile/3/000.p/1"] == Tree(2**24, Tiles(new)).root()


def test_the_empty_tree_has_its_root_and_nothing_else() -> None:
    tree = Tree(0, Tiles())
    assert tree.root() == Growth(0, Tiles()).root == EMPTY_ROOT
    assert list(tree.entries(0, 0)) == []
    assert tree.consistency(0) == ()
    assert list(Growth(0, Tiles()).extend([])) == []


@pytest.mark.parametrize(
    "ask",
    [
        lambda tree: tree.inclusion(3),
        lambda tree: tree.inclusion(-1),
        lambda tree: tree.leaf_hash(3),
        lambda tree: tree.entry(3),
        lambda tree: tree.entries(2, 2),
        lambda tree: tree.entries(0, -1),
        lambda tree: tree.consistency(4),
        lambda tree: tree.consistency(0),
    ],
)
def test_what_is_not_in_the_tree_has_no_proof(ask: Callable[[Tree], object]) -> None:
    with pytest.raises(ProofError):
        ask(Tree(3, grown(5)[1]))


def test_nothing_changes_before_the_last_tile_is_taken() -> None:
    growth, _ = grown(300)
    root = growth.root
    half_taken = growth.extend(entries(1000, 300))
    next(half_taken)
    assert (growth.size, growth.root) == (300, root)
    with pytest.raises(ValueError, match="65536 bytes"):
        list(growth.extend([b"", bytes(MAX_ENTRY + 1)]))
    assert (growth.size, growth.root) == (300, root)
    list(growth.extend(entries(700, 300)))
    assert growth.root == grown(1000)[0].root


def test_a_folder_gives_a_wider_tile_where_a_partial_one_is_gone(tmp_path: Path) -> None:
    write(grown(300)[1].items(), tmp_path)
    assert Tree(40, TileFolder(tmp_path)).root() == merkle_root(LEAVES[:40])
    assert Tree(270, TileFolder(tmp_path)).root() == merkle_root(LEAVES[:270])
    assert list(Tree(270, TileFolder(tmp_path)).entries(250, 20)) == entries(270)[250:]
    assert Growth(270, TileFolder(tmp_path)).root == merkle_root(LEAVES[:270])


def test_a_missing_or_damaged_file_is_named(tmp_path: Path) -> None:
    write(grown(300)[1].items(), tmp_path)
    tile, bundle = tmp_path / "tile/0/001.p/44", tmp_path / "tile/entries/001.p/44"
    whole = tile.read_bytes(), bundle.read_bytes()
    for data in (b"", whole[0][:-1], whole[0] + bytes(32)):
        tile.write_bytes(data)
        assert _named(tmp_path, tile)
    tile.unlink()
    assert _named(tmp_path, tile)
    tile.write_bytes(whole[0])
    for data in (b"", whole[1][:-1], whole[1] + b"\0", whole[1] + b"\0\0"):
        bundle.write_bytes(data)
        assert _named(tmp_path, bundle)
    bundle.unlink()
    bundle.mkdir()
    assert _named(tmp_path, bundle)


def test_an_entry_that_was_changed_in_its_bundle_is_noticed() -> None:
    _, tiles = grown(300)
    changed = bytearray(tiles["tile/entries/001.p/44"])
    changed[-1] ^= 1
    tiles["tile/entries/001.p/44"] = bytes(changed)
    with pytest.raises(TileError, match="entry 299"):
        Tree(300, tiles).entry(299)
    with pytest.raises(TileError, match="entry 299"):
        Growth(300, tiles)


@pytest.mark.parametrize(
    ("path", "broken"), [("tile/0/000", 1), ("tile/0/001.p/44", 299), ("tile/1/000.p/1", 299)]
)
def test_a_changed_hash_breaks_the_proofs_that_use_it(path: str, broken: int) -> None:
    growth, tiles = grown(300)
    changed = bytearray(tiles[path])
    changed[0] ^= 1
    tiles[path] = bytes(changed)
    tree = Tree(300, tiles)
    assert tree.root() != growth.root or path == "tile/0/000"
    with pytest.raises(ProofError):
        verify_inclusion(broken, 300, LEAVES[broken], tree.inclusion(broken), growth.root)


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_a_bundle_is_read_as_it_was_written(found: list[bytes]) -> None:
    assert parse_entry_bundle(encode_entry_bundle(found), len(found)) == found


def test_a_bundle_takes_entries_up_to_the_length_that_fits_in_two_bytes() -> None:
    found = [b"", bytes(MAX_ENTRY)]
    assert parse_entry_bundle(encode_entry_bundle(found), 2) == found


@given(st.binary() | st.just(bytes(1000)), st.integers(0, 300))
def test_no_bytes_break_the_reading_of_a_tile(data: bytes, width: int) -> None:
    with suppress(TileError):
        assert encode_entry_bundle(parse_entry_bundle(data, width)) == data
    for size in (1, 40, 256, 300):
        for use in (
            lambda size=size: Tree(size, lambda _: data).root(),
            lambda size=size: Tree(size, lambda _: data).entry(size - 1),
            lambda size=size: Growth(size, lambda _: data),
        ):
            try:
                use()
            except Error:
                continue


def _only_wider(tiles: Tiles) -> Callable[[str], bytes]:
    """A reader that has lost every partial tile but the widest."""

    def read(path: str, /) -> bytes:
        full = path.partition(".p/")[0]
        found = [data for name, data in tiles.items() if name.partition(".p/")[0] == full]
        return max(found, key=len)

    return read


def _named(folder: Path, file: Path) -> bool:
    """Whether reading the whole log fails with an error that names the file."""
    with pytest.raises(Error) as caught:
        list(Tree(300, TileFolder(folder)).entries(0, 300))
    return caught.value.where is not None and caught.value.where.file == file
