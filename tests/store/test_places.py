"""Where a coalition lies: shares and copied folders are known, and have no log beside the file."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from partners_crm.crm import Crm
from partners_crm.model import Organization
from partners_crm.services import records
from partners_crm.store import journal, places
from partners_crm.store import open as opening
from partners_crm.store.places import LOCAL, Place, place_of, share, synced

ROOT = "24 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"


def mounted(at: str, kind: str, source: str = "server:/export", root: str = "/") -> str:
    return f"{ROOT}99 24 0:45 {root} {at} rw,relatime shared:9 - {kind} {source} rw,vers=4.2\n"


SHARES = (
    ("nfs", "a network share (NFS)"),
    ("nfs4", "a network share (NFS)"),
    ("cifs", "a Windows share (SMB)"),
    ("smb3", "a Windows share (SMB)"),
    ("fuse.sshfs", "a file system outside the kernel (FUSE)"),
    ("fuse", "a file system outside the kernel (FUSE)"),
    ("9p", "a share of the host"),
    ("virtiofs", "a share of the host"),
    ("ceph", "Ceph"),
)


@pytest.mark.parametrize(("kind", "name"), SHARES)
def test_case_55_a_share_is_known_by_its_file_system(kind: str, name: str) -> None:
    mounts = mounted("/mnt/office", kind)
    assert share("/mnt/office/crm", mounts) == Place("share", name)
    assert share("/mnt/office", mounts) == Place("share", name)
    assert not share("/mnt/office", mounts).is_safe
    assert share("/mnt/officers", mounts) == LOCAL, "another folder whose name begins alike"
    assert share("/home/ada", mounts) == LOCAL


@pytest.mark.parametrize("kind", ["ext4", "btrfs", "xfs", "zfs", "tmpfs", "overlay", "fuseblk", "vfat", "apfs"])
def test_case_55_a_disk_of_this_machine_is_local(kind: str) -> None:
    mounts = mounted("/mnt/office", kind) + mounted("/other", "nfs4")
    assert share("/mnt/office/crm", mounts) == LOCAL
    assert share("/mnt/office/crm", mounts).is_safe


def test_case_55_the_innermost_mount_counts() -> None:
    mounts = mounted("/mnt", "nfs4") + "120 99 254:1 / /mnt/local rw - ext4 /dev/vdb rw\n"
    assert share("/mnt/local/crm", mounts) == LOCAL
    assert share("/mnt/crm", mounts).kind == "share"
    assert share("/mnt/localities", mounts).kind == "share"


@pytest.mark.parametrize(("lower", "upper", "kind"), [("nfs4", "ext4", "local"), ("ext4", "cifs", "share")])
def test_case_55_of_two_mounts_on_one_folder_the_later_one_counts(lower: str, upper: str, kind: str) -> None:
    mounts = mounted("/mnt/office", lower) + f"130 99 0:50 / /mnt/office rw - {upper} x rw\n"
    assert share("/mnt/office/crm", mounts).kind == kind


@pytest.mark.parametrize(
    ("written", "folder"),
    [
        ("/mnt/our\\040office", "/mnt/our office"),
        ("/mnt/tab\\011here", "/mnt/tab\there"),
        ("/mnt/back\\134slash", "/mnt/back\\slash"),
        ("/mnt/back\\134040", "/mnt/back\\040"),
    ],
)
def test_case_55_escaped_names_are_read(written: str, folder: str) -> None:
    assert share(f"{folder}/crm", mounted(written, "cifs", "//server/our\\040share")).kind == "share"


def test_case_55_fields_that_some_lines_have_and_others_have_not() -> None:
    bare = "99 24 0:45 / /mnt/office rw,relatime - nfs4 server:/export rw\n"
    many = "99 24 0:45 / /mnt/office rw,relatime shared:9 master:3 propagate_from:2 - nfs4 server:/export rw\n"
    assert share("/mnt/office", bare).kind == share("/mnt/office", many).kind == "share"
    assert share("/mnt/office", "") == LOCAL
    assert share("/mnt/office", "no such - nfs4 list\n\n") == LOCAL


def test_case_55_a_share_that_is_the_root() -> None:
    assert share("/home/ada", "24 1 0:45 / / rw - nfs4 server:/export rw\n").kind == "share"


SYNCED = (
    ("/home/ada/Dropbox", "Dropbox"),
    ("/home/ada/Dropbox/crm/2026", "Dropbox"),
    ("/home/ada/Dropbox (Firm)/crm", "Dropbox"),
    ("/home/ada/dropbox", "Dropbox"),
    ("/home/ada/OneDrive", "OneDrive"),
    ("/home/ada/OneDrive - Firm/crm", "OneDrive"),
    ("/Users/ada/Library/Mobile Documents/com~apple~CloudDocs/crm", "iCloud"),
    ("/Users/ada/iCloud Drive", "iCloud"),
    ("/Users/ada/Library/CloudStorage/GoogleDrive-ada@example.org/My Drive", "GoogleDrive"),
    ("/Users/ada/Library/CloudStorage/Box-Box", "Box"),
    ("/home/ada/Nextcloud/crm", "Nextcloud"),
    ("/home/ada/Google Drive", "Google Drive"),
)


@pytest.mark.parametrize(("folder", "name"), SYNCED)
def test_case_55_a_copied_folder_is_known_by_its_name(folder: str, name: str) -> None:
    assert synced(folder) == Place("synced", name)


@pytest.mark.parametrize(
    "folder", ["/home/ada/crm", "/home/dropboxer/crm", "/home/ada/Dropboxes", "/home/ada/my Dropbox", "/srv/nextclouds"]
)
def test_case_55_a_name_that_only_looks_alike_is_local(folder: str) -> None:
    assert synced(folder) is None


@pytest.mark.parametrize(("mark", "name"), [(".stfolder", "Syncthing")])
def test_case_55_a_copied_folder_is_known_by_its_mark(tmp_path: Path, mark: str, name: str) -> None:
    folder = tmp_path / "shared" / "deep"
    folder.mkdir(parents=True)
    assert synced(str(folder)) is None
    (tmp_path / "shared" / mark).mkdir()
    assert synced(str(folder)) == Place("synced", name)


def test_case_55_a_link_into_a_copied_folder_lies_there(tmp_path: Path) -> None:
    (tmp_path / "Dropbox").mkdir()
    (tmp_path / "crm").symlink_to(tmp_path / "Dropbox")
    assert place_of(tmp_path / "crm" / "coalition.db").name == "Dropbox"


# -------------------------------------------------------------------- a coalition there

Put = Callable[[Path], Path]


@pytest.fixture(params=["synced", "share"])
def put(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Put:
    """Moves a coalition to where no log may be."""
    folder = tmp_path / ("Dropbox" if request.param == "synced" else "office")
    folder.mkdir()
    if request.param == "share":
        # No test has a network: what the system would say of the folder is put in its place.
        def place(path: Path, device: int = 0) -> Place:
            return Place("share", "a network share (NFS)") if folder in Path(path).parents else place_of(path, device)

        monkeypatch.setattr(opening, "place_of", place)

    def move(path: Path) -> Path:
        return Path(shutil.move(path, folder / path.name))

    return move


def beside(path: Path) -> list[str]:
    return sorted(
        each.name.removeprefix(path.name)
        for each in path.parent.glob(f"{path.name}*")
        if each.name.endswith(("-wal", "-shm"))
    )


def mode(crm: Crm) -> str:
    return str(crm.db.driver.execute("PRAGMA journal_mode").fetchone()[0])


def add(crm: Crm, name: str) -> None:
    with crm.changes(f"add {name}", by="ada") as unit:
        records.add(unit, Organization, name=name)


def test_case_55_there_a_coalition_has_no_log_and_says_where_it_lies(database: Path, put: Put) -> None:
    path = put(database)
    with Crm.open(path) as crm:
        assert mode(crm) == "delete"
        assert beside(path) == []
        add(crm, "First")
        assert beside(path) == []
        assert not crm.db.lacks_log
        (warning,) = crm.warnings
        assert str(path) in warning
        assert crm.db.place.name in warning
        assert "can lose work" in warning
    header = path.read_bytes()[18:20]
    assert header == b"\x01\x01"
    assert sorted(each.name for each in path.parent.iterdir()) == [path.name]


def test_case_55_a_coalition_created_there_has_no_log(database: Path, put: Put) -> None:
    path = put(database).with_name("new.db")
    with Crm.create(path, "New") as crm:
        assert mode(crm) == "delete"
        assert beside(path) == []
        assert len(crm.warnings) == 1


def test_case_55_moved_back_it_has_a_log_again(database: Path, put: Put) -> None:
    home = database.parent
    with Crm.open(database) as crm:
        add(crm, "First")
        assert mode(crm) == "wal"
        assert beside(database) == ["-shm", "-wal"]
    path = put(database)
    with Crm.open(path) as crm:
        add(crm, "Second")
        assert mode(crm) == "delete"
    back = Path(shutil.move(path, home / path.name))
    with Crm.open(back) as crm:
        assert mode(crm) == "wal"
        assert crm.warnings == ()
        add(crm, "Third")
        assert [each.name for each in crm.organizations()] == ["First", "Second", "Third"]
        assert journal.first_break(crm.db) is None


def test_case_55_moved_there_with_its_log_nothing_is_lost(database: Path, put: Put, tmp_path: Path) -> None:
    with Crm.open(database) as crm:
        add(crm, "First")
        add(crm, "Second")
        (tmp_path / "aside").mkdir()
        for suffix in ("", "-wal"):
            shutil.copyfile(f"{database}{suffix}", tmp_path / "aside" / f"coalition.db{suffix}")
    path = put(tmp_path / "aside" / "coalition.db")
    shutil.move(tmp_path / "aside" / "coalition.db-wal", path.with_name("coalition.db-wal"))
    with Crm.open(path) as crm:
        assert mode(crm) == "delete"
        assert beside(path) == []
        assert [each.name for each in crm.organizations()] == ["First", "Second"]
        assert journal.first_break(crm.db) is None


WRITER = """
import sys
from pathlib import Path
from partners_crm.crm import Crm
from partners_crm.model import Organization
from partners_crm.services import records
with Crm.open(sys.argv[1]) as crm:
    for number in range(int(sys.argv[3])):
        with crm.changes("write") as unit:
            records.add(unit, Organization, name=f"{sys.argv[2]} {number}")
        crm.organizations()
    assert not [each for each in Path(sys.argv[1]).parent.iterdir() if each.name.endswith(("-wal", "-shm"))]
"""


def test_case_55_several_programs_still_read_and_write_there(database: Path, tmp_path: Path) -> None:
    folder = tmp_path / "Dropbox"
    folder.mkdir()
    path = Path(shutil.move(database, folder / database.name))
    programs = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), name, "8"], stderr=subprocess.PIPE, text=True)
        for name in ("Ada", "Ben", "Cleo")
    ]
    try:
        for program in programs:
            _, said = program.communicate(timeout=60)
            assert (program.returncode, said) == (0, "")
    finally:
        for program in programs:
            program.kill()
            program.communicate()
    with Crm.open(path) as crm:
        expected = sorted(f"{name} {number}" for name in ("Ada", "Ben", "Cleo") for number in range(8))
        assert sorted(each.name for each in crm.organizations()) == expected
        assert journal.first_break(crm.db) is None
        assert places.place_of(path).name == "Dropbox"
