"""The backup file: what was written comes back, and everything else is refused untouched."""

import io
import json
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storaiteller_site.backups import BackupError, archive

TEXTS = {
    "database/db.sqlite3": b"stories" * 3000,
    "data/pocket/blobs/a": b"",
    "data/secret_key": b"k",
}


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A backup of three files."""
    sources = []
    for number, (name, content) in enumerate(TEXTS.items()):
        path = tmp_path / str(number)
        path.write_bytes(content)
        sources.append(archive.Source(name, path))
    target = tmp_path / "backup.tar"
    archive.write(target, sources, archive.Manifest("2026-01-01", "sqlite", ["stories.0001"]))
    return target


def unpack(path: Path) -> dict[str, bytes]:
    """Return the unpacked files by name."""
    folder = Path(tempfile.mkdtemp(dir=path.parent))
    archive.unpack(path, folder)
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def rewritten(path: Path, change: Callable[[str, bytes], Any]) -> Path:
    """Return a copy of the backup whose members are what `change` makes of each."""
    target = path.with_name("changed.tar")
    with tarfile.open(path) as source, tarfile.open(target, "w") as tar:
        for member in source:
            content = source.extractfile(member)
            assert content is not None
            for new in change(member.name, content.read()):
                info, data = new if isinstance(new[0], tarfile.TarInfo) else (_info(*new), new[1])
                tar.addfile(info, io.BytesIO(data))
    return target


def _info(name: str, data: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    return info


def test_what_was_written_comes_back(whole: Path) -> None:
    assert unpack(whole) == TEXTS
    assert whole.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in whole.parent.iterdir() if "backup" in path.name) == [
        "backup.tar"
    ]


def test_a_backup_is_never_written_over_another(whole: Path) -> None:
    before = whole.read_bytes()
    with pytest.raises(BackupError, match="there already"):
        archive.write(whole, [], archive.Manifest("", "sqlite", []))
    assert whole.read_bytes() == before


def test_one_that_can_not_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="can't be written"):
        archive.write(tmp_path / "no" / "x.tar", [], archive.Manifest("", "sqlite", []))
    with pytest.raises(BackupError, match="could not be written"):
        archive.write(
            tmp_path / "x.tar",
            [archive.Source("data/pocket", tmp_path)],  # a folder can't be read
            archive.Manifest("", "sqlite", []),
        )
    assert list(tmp_path.iterdir()) == []


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(share=st.floats(0, 1, exclude_max=True))
def test_cut_anywhere_it_is_refused(whole: Path, share: float) -> None:
    content = whole.read_bytes()
    cut = whole.with_name("cut.tar")
    cut.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(BackupError):
        unpack(cut)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(where=st.integers(0, 21_000 - 1))
def test_a_changed_byte_of_the_database_is_found(whole: Path, where: int) -> None:
    def change(name: str, data: bytes) -> Any:
        if name.startswith("database"):
            data = data[:where] + bytes([data[where] ^ 1]) + data[where + 1 :]
        return [(name, data)]

    with pytest.raises(BackupError, match="damaged"):
        unpack(rewritten(whole, change))


@pytest.mark.parametrize(
    "name",
    [
        "../outside",
        "data/../../outside",
        "/tmp/outside",
        "data//pocket",
        "./data/pocket",
        "data",
        "elsewhere/file",
        "data/pocket/..",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(whole: Path, name: str) -> None:
    changed = rewritten(whole, lambda old, data: [(name, b"x"), (old, data)])
    with pytest.raises(BackupError, match="no name for a file"):
        unpack(changed)
    assert not (whole.parent / "outside").exists()
    assert not Path("/tmp/outside").exists()


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
)
def test_only_plain_files_are_taken(whole: Path, kind: bytes) -> None:
    link = tarfile.TarInfo("data/pocket/link")
    link.type, link.linkname = kind, "/etc/passwd"
    with pytest.raises(BackupError, match="not a plain file"):
        unpack(rewritten(whole, lambda old, data: [(link, b""), (old, data)]))


def _twice(name: str, data: bytes) -> Any:
    return [(name, data)] * (1 if name == archive.MANIFEST else 2)


def _one_more(name: str, data: bytes) -> Any:
    return [(name, data)] if name != archive.MANIFEST else [("data/pocket/b", b""), (name, data)]


def _one_less(name: str, data: bytes) -> Any:
    return [] if name == "data/secret_key" else [(name, data)]


def _no_manifest(name: str, data: bytes) -> Any:
    return [] if name == archive.MANIFEST else [(name, data)]


def _more_after_it(name: str, data: bytes) -> Any:
    return [(name, data)] if name != archive.MANIFEST else [(name, data), ("data/pocket/b", b"")]


def _manifest(**changes: Any) -> Callable[[str, bytes], Any]:
    def change(name: str, data: bytes) -> Any:
        if name == archive.MANIFEST:
            data = json.dumps({**json.loads(data), **changes}).encode()
        return [(name, data)]

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_twice, "twice"),
        (_one_more, "damaged"),
        (_one_less, "damaged"),
        (_no_manifest, "no manifest"),
        (_more_after_it, "goes on"),
        (_manifest(application="other"), "another application"),
        (_manifest(format=2), "format 2"),
        (_manifest(surprise=1), "not a backup"),
        (_manifest(files=[]), "not a backup"),
        (_manifest(files={"data/secret_key": 3}), "damaged"),
        (_manifest(files={"data/secret_key": {"size": -1, "sha256": "0" * 64}}), "damaged"),
        (_manifest(files={"data/secret_key": {"size": 1, "sha256": "0"}}), "damaged"),
        (_manifest(files=None), "damaged"),
        (_manifest(migrations=[1, None]), "damaged"),
        (_manifest(migrations=[["stories.0001"]]), "damaged"),
        (_manifest(migrations="stories.0001"), "damaged"),
        (_manifest(database=["sqlite"]), "damaged"),
        (_manifest(created_at=None), "damaged"),
        (_manifest(format="1"), "damaged"),
        (_manifest(format=2, files=[], new=True), "format 2"),
    ],
)
def test_another_composition_is_refused(
    whole: Path, change: Callable[[str, bytes], Any], reason: str
) -> None:
    with pytest.raises(BackupError, match=reason):
        unpack(rewritten(whole, change))


@pytest.mark.parametrize(
    "manifest",
    [b"", b"[]", b"3", b"null", b'"x"', b"{", b"[" * 100_000, b"\xff\xfe", b'{"format": 1e999}'],
)
def test_a_manifest_of_another_shape_is_a_sentence(whole: Path, manifest: bytes) -> None:
    def change(name: str, data: bytes) -> Any:
        return [(name, manifest if name == archive.MANIFEST else data)]

    with pytest.raises(BackupError, match="damaged, or this is not a backup"):
        unpack(rewritten(whole, change))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(sorted(archive.Manifest.__struct_fields__)),
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
        max_leaves=8,
    ),
)
def test_whatever_stands_in_a_manifest(whole: Path, name: str, value: Any) -> None:
    """It is the files, or a sentence; never another error."""
    try:
        assert unpack(rewritten(whole, _manifest(**{name: value}))) == TEXTS
    except BackupError:
        assert name != "created_at" or not isinstance(value, str)


def test_nothing_may_come_after_the_end(whole: Path) -> None:
    content = whole.read_bytes()
    for more in (content, b"\0" * tarfile.RECORDSIZE, b"x", b"\0", content[:512]):
        changed = whole.with_name("more.tar")
        changed.write_bytes(content + more)
        with pytest.raises(BackupError, match="goes on after its end"):
            unpack(changed)
    # In the padding, which says nothing, hides nothing.
    changed.write_bytes(content[:-1] + b"x")
    with pytest.raises(BackupError, match="goes on after its end"):
        unpack(changed)
    changed.write_bytes(content[:-1])
    with pytest.raises(BackupError, match="cut short"):
        unpack(changed)


def test_a_file_with_holes_is_refused(whole: Path) -> None:
    """A sparse member of a few bytes could fill the disk."""
    holes = tarfile.TarInfo("data/pocket/holes")
    holes.pax_headers = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.name": "data/pocket/holes",
        "GNU.sparse.realsize": str(10**12),
    }
    head = b"1\n1000000000000\n0\n".ljust(tarfile.BLOCKSIZE, b"\0")
    holes.size = len(head)
    with pytest.raises(BackupError, match="not a plain file"):
        unpack(rewritten(whole, lambda old, data: [(holes, head), (old, data)]))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x00" * 10_240, b"SQLite format 3\x00"])
def test_a_foreign_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "foreign"
    path.write_bytes(content)
    with pytest.raises(BackupError):
        unpack(path)
    with pytest.raises(BackupError, match="can't be read"):
        unpack(tmp_path / "missing")
    with pytest.raises(BackupError):
        unpack(tmp_path)
