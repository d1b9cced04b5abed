"""Where a file lies: on a disk of this machine, on a network share, or in a folder that another program copies.

SQLite's write-ahead log needs memory that all programs share, which a network share does not give
(https://www.sqlite.org/wal.html), and a copying program takes the file without its log. In both places the
coalition is therefore kept in rollback mode, where the file alone is whole between two writes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")
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
_MARKS = {".dropbox": "Dropbox", ".dropbox.cache": "Dropbox", ".stfolder": "Syncthing"}
"""Files that such a program leaves in the folder it copies."""
_ESCAPES = (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\"))


@dataclass(frozen=True, slots=True)
class Place:
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


def place_of(path: Path) -> Place:
    """Where a file lies or would lie."""
    folder = path.parent.resolve()
    return synced(folder) or share(folder, _mounts())


def share(folder: Path, mounts: str) -> Place:
    """What kind of disk a folder is on, by the text of Linux's mountinfo (proc(5)); local where it does not say."""
    best, kind = -1, ""
    text = str(folder)
    for line in mounts.splitlines():
        head, _, tail = line.partition(" - ")
        fields, rest = head.split(" "), tail.split(" ")
        if len(fields) < 5:
            continue
        mounted = fields[4]
        if "\\" in mounted:
            for written, meant in _ESCAPES:
                mounted = mounted.replace(written, meant)
        inside = text == mounted or text.startswith(mounted if mounted.endswith("/") else mounted + "/")
        # Of two mounts on one folder the later one is seen.
        if inside and len(mounted) >= best:
            best, kind = len(mounted), rest[0]
    found = _SHARES.get(kind) or (_SHARES["fuse"] if kind.startswith("fuse.") else None)
    return Place("share", found) if found else LOCAL


def synced(folder: Path) -> Place | None:
    """The program that copies a folder or one above it, as far as names and marks tell."""
    cloud = False
    for part in folder.parts:
        word = part.lower()
        name = _SYNCED.get(word.partition(" - ")[0].partition(" (")[0])
        if name or cloud:
            return Place("synced", name or part.partition("-")[0])
        cloud = word == "cloudstorage"  # macOS: ~/Library/CloudStorage/OneDrive-Firm
    for above in (folder, *folder.parents):
        for mark, name in _MARKS.items():
            if os.path.lexists(above / mark) and above != Path.home():
                return Place("synced", name)
    return None


def _mounts() -> str:
    try:
        return _MOUNTS.read_text("utf-8", "surrogateescape")
    except OSError:
        return ""
