"""Where a file lies: on a disk of this machine, on a network share, or in a folder that another program copies.

SQLite's write-ahead log needs memory that all programs share, which a network share does not give
(https://www.sqlite.org/wal.html), and a copying program takes the file without its log. In both places the
coalition is therefore kept in rollback mode, where the file alone is whole between two writes.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

_MOUNTS = "/proc/self/mountinfo"
_SHARES = {
    "9p": "a share of the host",
    "afs": "AFS",
    "ceph": "Ceph",
    "cifs": "a Windows share (SMB)",
    "drvfs": "a drive of Windows",
    "fuse": "a file system outside the kernel (FUSE)",
    "glusterfs": "Gluster",
    "nfs": "a network share (NFS)",
    "nfs4": "a network share (NFS)",
    "smb3": "a Windows share (SMB)",
    "vboxsf": "a share of the host",
    "virtiofs": "a share of the host",
    "prl_fs": "a share of the host",
}
"""File systems that other machines can write to, as Linux names them; `fuseblk` is a local disk."""
_SYNCED = {
    "box sync": "Box",
    "dropbox": "Dropbox",
    "google drive": "Google Drive",
    "googledrive": "Google Drive",
    "icloud drive": "iCloud",
    "icloud~drive": "iCloud",
    "com~apple~clouddocs": "iCloud",
    "nextcloud": "Nextcloud",
    "onedrive": "OneDrive",
    "owncloud": "ownCloud",
    "syncthing": "Syncthing",
}
"""Folders of programs that copy files, by name in lower case; `OneDrive - Firm` and `Dropbox (Firm)` count too."""
_MARKS = {".stfolder": "Syncthing"}
"""What such a program leaves in the folder it copies, however that is called."""
# A name alone, or with the firm: `OneDrive - Firm`; on macOS all of them lie in ~/Library/CloudStorage/NAME-account.
_SYNCED_FOLDER = re.compile(
    rf"/(?:({'|'.join(map(re.escape, _SYNCED))})(?= - | \(|/|$)|CloudStorage/([^/]+))", re.IGNORECASE
)
_ANY_SHARE = re.compile(rf" - (?:{'|'.join(_SHARES)})[. ]")
_ESCAPES = (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\"))


class Place(NamedTuple):
    """Where a file lies."""

    kind: str
    """local, share or synced."""
    name: str = ""
    """What a share or a copying program is called."""

    @property
    def is_safe(self) -> bool:
        """Whether several programs may have the file open at once, with a log beside it."""
        return self.kind == "local"


LOCAL = Place("local")


def place_of(path: Path, device: int = 0) -> Place:
    """Where a file lies or would lie; `device` is its `st_dev`, where it is known."""
    folder = os.path.dirname(os.path.realpath(path))  # noqa: PTH120  # every opening passes here
    # A disk of this machine has a major number; shares, and some that are none, have 0 (Linux, admin-guide/devices).
    return synced(folder) or (LOCAL if os.major(device) else share(folder, _mounts()))


def share(folder: str, mounts: str) -> Place:
    """What kind of disk a folder is on, by the text of Linux's mountinfo (proc(5)); local where it does not say."""
    if not _ANY_SHARE.search(mounts):
        return LOCAL
    best, kind = -1, ""
    for line in mounts.splitlines():
        head, _, tail = line.partition(" - ")
        fields, rest = head.split(" "), tail.split(" ")
        if len(fields) < 5:
            continue
        mounted = fields[4]
        if "\\" in mounted:
            for written, meant in _ESCAPES:
                mounted = mounted.replace(written, meant)
        inside = folder == mounted or folder.startswith(mounted if mounted.endswith("/") else mounted + "/")
        # Of two mounts on one folder the later one is seen.
        if inside and len(mounted) >= best:
            best, kind = len(mounted), rest[0]
    found = _SHARES.get(kind) or (_SHARES["fuse"] if kind.startswith("fuse.") else None)
    return Place("share", found) if found else LOCAL


def synced(folder: str) -> Place | None:
    """The program that copies a folder or one above it, as far as names and marks tell."""
    if found := _SYNCED_FOLDER.search(folder):
        return Place("synced", _SYNCED[found[1].lower()] if found[1] else found[2].partition("-")[0])
    above = folder
    while above and above not in {"/home", "/Users", "/tmp"}:  # noqa: S108
        for mark, name in _MARKS.items():
            if os.path.lexists(f"{above}/{mark}"):
                return Place("synced", name)
        above = above.rpartition("/")[0]
    return None


def _mounts() -> str:
    try:
        with open(_MOUNTS, "rb", buffering=0) as stream:  # noqa: PTH123  # as little as can be: every opening pays
            return os.fsdecode(stream.readall())
    except OSError:
        return ""
