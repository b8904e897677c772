"""Files and directories of the operating system."""

from __future__ import annotations

import os
import stat as modes
import time
from pathlib import Path
from typing import Any

import numpy as np

from juliette.base.channels import Channel
from juliette.base.paths import home, join_two, normal
from juliette.base.streams import io_error, open_file
from juliette.base.strings.values import text_of
from juliette.display.io import IO, IOStream
from juliette.runtime import types as T
from juliette.runtime.array import vector
from juliette.runtime.errors import ArgumentError
from juliette.runtime.modules import Base, Module

Filesystem = Module("Filesystem", Base)
Filesystem.visible = Filesystem.bindings["__builtins__"] = Base.bindings
Base.const("Filesystem", Filesystem, export=False)


def quoted(path: str) -> str:
    return str(Base.bindings["repr"](path))


# ---------------------------------------------------------------- what is there


class StatStruct:
    """`stat(path)`"""

    __slots__ = (
        "blksize",
        "blocks",
        "ctime",
        "desc",
        "device",
        "gid",
        "inode",
        "mode",
        "mtime",
        "nlink",
        "rdev",
        "size",
        "uid",
    )
    fields = (
        "desc",
        "device",
        "inode",
        "mode",
        "nlink",
        "uid",
        "gid",
        "rdev",
        "size",
        "blksize",
        "blocks",
        "mtime",
        "ctime",
    )

    def __init__(self, path: Any, follow: bool) -> None:
        self.desc = path
        try:
            s = os.stat(path, follow_symlinks=follow) if path != "" else None  # noqa: PTH116
        except (OSError, ValueError):
            s = None
        if s is None:
            self.device = self.inode = self.mode = self.nlink = self.uid = self.gid = self.size = 0
            self.blksize = self.blocks = self.rdev = 0
            self.mtime = self.ctime = 0.0
            return
        self.device, self.inode, self.mode, self.nlink = s.st_dev, s.st_ino, s.st_mode, s.st_nlink
        self.uid, self.gid, self.size = s.st_uid, s.st_gid, s.st_size
        self.blksize, self.blocks = getattr(s, "st_blksize", 0), getattr(s, "st_blocks", 0)
        self.rdev = getattr(s, "st_rdev", 0)
        self.mtime, self.ctime = s.st_mtime, s.st_ctime


_stat = T.define("Base.Filesystem.StatStruct")
_stat.typename.fields = StatStruct.fields
_stat.typename.field_types = (
    T.String,
    *[T.UInt64] * 3,
    T.Int64,
    *[T.UInt64] * 3,
    *[T.Int64] * 3,
    T.Float64,
    T.Float64,
)
T.register_class(StatStruct, _stat)
Filesystem.const("StatStruct", _stat)
Filesystem.method("StatStruct()", export=False)(lambda _: StatStruct("", True))


@Base.method("==(a::Base.Filesystem.StatStruct, b::Base.Filesystem.StatStruct)")
def same_status(a: StatStruct, b: StatStruct) -> bool:
    """By what the system says, whatever the paths were."""
    return all(getattr(a, name) == getattr(b, name) for name in StatStruct.fields[1:])


def status(x: Any, follow: bool = True) -> StatStruct:
    if isinstance(x, StatStruct):
        return x
    if isinstance(x, IO):
        x = getattr(x.stream, "name", "")
    return StatStruct(text_of(x), follow)


def owner(kind: str, number: int) -> str:
    """` (name)` of a user or a group, if it has one."""
    try:
        if kind == "uid":
            import pwd

            return f" ({pwd.getpwuid(number).pw_name})"
        import grp

        return f" ({grp.getgrgid(number).gr_name})"
    except (ImportError, KeyError):
        return ""


def moment(t: float) -> str:
    """A time, and how long ago that was."""
    text = time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(t))
    away = t - round(time.time())
    for seconds, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        n = int(abs(away) // seconds)
        if n:
            return f"{text} ({n} {unit}{'s' * (n > 1)} {'ago' if away < 0 else 'in the future'})"
    return f"{text} (just now)"


@Base.method("show(io::IO, s::Base.Filesystem.StatStruct)")
def show_stat(io: IO, s: StatStruct) -> None:
    io.write(f"StatStruct({quoted(s.desc)} {' '.join(f'{k}: {v}' for k, v in described(s))})")


@Base.method('show(io::IO, ::MIME"text/plain", s::Base.Filesystem.StatStruct)')
def show_stat_long(io: IO, mime: Any, s: StatStruct) -> None:
    """All that is known, one thing to a line."""
    io.write(f"StatStruct for {quoted(s.desc)}\n")
    for name, value in described(s):
        io.write(f"{name:>7}: {value}\n")


def described(s: StatStruct) -> list[tuple[str, Any]]:
    """What is shown of a file."""
    return [
        ("size", f"{s.size} bytes"),
        ("device", s.device),
        ("inode", s.inode),
        ("mode", f"0o{s.mode:06o} ({modes.filemode(s.mode).replace('?', '-')})"),
        ("nlink", s.nlink),
        ("uid", f"{s.uid}{owner('uid', s.uid)}"),
        ("gid", f"{s.gid}{owner('gid', s.gid)}"),
        ("rdev", s.rdev),
        ("blksz", s.blksize),
        ("blocks", s.blocks),
        ("mtime", moment(s.mtime)),
        ("ctime", moment(s.ctime)),
    ]


@Base.method("stat(path)")
def stat(path: Any) -> StatStruct:
    """What the operating system knows of a file."""
    return status(path)


@Base.method("lstat(path)")
def lstat(path: Any) -> StatStruct:
    """As `stat`, of a link itself."""
    return status(path, follow=False)


def question(name: str, f: Any, doc: str, follow: bool = True) -> None:
    """A function of a path, or of the pieces of one, that asks for one thing of its status."""

    def method(*path: Any) -> Any:
        return f(status(path[0] if len(path) == 1 else Base.bindings["joinpath"](*path), follow))

    method.__doc__ = doc
    Base.method(f"{name}(path...)")(method)


question("ispath", lambda s: s.mode != 0, "Is there something at this path?")
question("isfile", lambda s: modes.S_ISREG(s.mode), "Is it a regular file?")
question("isdir", lambda s: modes.S_ISDIR(s.mode), "Is it a directory?")
question("islink", lambda s: modes.S_ISLNK(s.mode), "Is it a symbolic link?", follow=False)
question("isfifo", lambda s: modes.S_ISFIFO(s.mode), "Is it a FIFO?")
question("issocket", lambda s: modes.S_ISSOCK(s.mode), "Is it a socket?")
question("isblockdev", lambda s: modes.S_ISBLK(s.mode), "Is it a block device?")
question("ischardev", lambda s: modes.S_ISCHR(s.mode), "Is it a character device?")
question("filesize", lambda s: s.size, "The size in bytes.")
question("filemode", lambda s: np.uint64(s.mode), "The mode bits.")
question("mtime", lambda s: s.mtime, "When it was last changed, in seconds since 1970.")
question("ctime", lambda s: s.ctime, "When its status was last changed, in seconds since 1970.")
question("uperm", lambda s: np.uint8(s.mode >> 6 & 7), "What its owner may do.")
question("gperm", lambda s: np.uint8(s.mode >> 3 & 7), "What its group may do.")
question("operm", lambda s: np.uint8(s.mode & 7), "What others may do.")


@Base.method("ismount(path::AbstractString)")
def ismount(path: Any) -> bool:
    """Is it a mount point?"""
    return Path(text_of(path)).is_mount()


@Base.method("samefile(a, b)")
def samefile(a: Any, b: Any) -> bool:
    """Are both the same file?"""
    x, y = status(a), status(b)
    return x.mode != 0 and (x.device, x.inode) == (y.device, y.inode)


# ---------------------------------------------------------------- directories


def attempt(call: str, f: Any, *args: Any, **kw: Any) -> Any:
    """Do something; where the operating system refuses, the error names the call as Julia does."""
    try:
        return f(*args, **kw)
    except OSError as error:
        raise io_error(call, error) from None


@Base.method("cd(path::AbstractString=homedir())")
def cd(path: Any = None) -> None:
    """Change the current directory."""
    target = home() if path is None else text_of(path)
    attempt(f"cd({quoted(target)})", os.chdir, target)


@Base.method("cd(f::Function, path::AbstractString=homedir())")
def cd_during(f: Any, path: Any = None) -> Any:
    """Call `f` in another directory."""
    before = str(Path.cwd())
    cd(path)
    try:
        return f()
    finally:
        os.chdir(before)


@Base.method("readdir(path::AbstractString=pwd(); join=false, sort=true)")
def readdir(path: Any = ".", *, join: bool = False, sort: bool = True) -> Any:
    """The names in a directory, in order."""
    where = text_of(path) if path is not None else "."
    names = attempt(f"readdir({quoted(where)})", os.listdir, where)
    if sort:
        names = sorted(names, key=lambda n: n.encode("utf-8", "surrogateescape"))
    base = str(Path.cwd()) if path == "." else where
    return vector([join_two(base, n) for n in names] if join else names, T.String)


@Base.method("walkdir(root; topdown=true, follow_symlinks=false, onerror=throw)")
def walkdir(
    root: Any, *, topdown: bool = True, follow_symlinks: bool = False, onerror: Any = None
) -> Any:
    """All directories below one, each as (path, directories, files)."""
    found = Channel(T.tuple_type([T.String, *[T.apply_type(T.Vector, T.String)] * 2]), float("inf"))
    visit(text_of(root), topdown, follow_symlinks, found)
    found.close()
    return found


def visit(root: str, topdown: bool, follow: bool, found: Channel) -> None:
    names = sorted(attempt(f"readdir({quoted(root)})", os.listdir, root))
    here = [(n, Path(root, n)) for n in names]
    dirs = [n for n, p in here if p.is_dir() and (follow or not p.is_symlink())]
    files = [n for n, p in here if n not in dirs]
    entry = (root, vector(dirs, T.String), vector(files, T.String))
    if topdown:
        found.put(entry)
    for d in dirs:
        visit(join_two(root, d), topdown, follow, found)
    if not topdown:
        found.put(entry)


@Base.method("mkdir(path::AbstractString; mode=0o777)")
def mkdir(path: Any, *, mode: Any = 0o777) -> str:
    """Make a directory."""
    where = text_of(path)
    attempt(f"mkdir({quoted(where)}; mode=0o{int(mode):o})", os.mkdir, where, int(mode))
    return where


@Base.method("mkpath(path::AbstractString; mode=0o777)")
def mkpath(path: Any, *, mode: Any = 0o777) -> str:
    """Make a directory and those above it, as far as they are missing."""
    where = text_of(path)
    attempt(
        f"mkdir({quoted(where)}; mode=0o{int(mode):o})",
        os.makedirs,
        where,
        int(mode),
        exist_ok=True,
    )
    return where


@Base.method("rm(path::AbstractString; force=false, recursive=false)")
def rm(path: Any, *, force: bool = False, recursive: bool = False) -> None:
    """Remove a file or an empty directory; `recursive` removes what is in it too."""
    where = text_of(path)
    target = Path(where)
    if target.is_dir() and not target.is_symlink():
        if recursive:
            for inner in attempt(f"readdir({quoted(where)})", os.listdir, where):
                rm(join_two(where, inner), force=force, recursive=True)
        attempt(f"rmdir({quoted(where)})", os.rmdir, where)
        return
    if force and not os.path.lexists(where):
        return
    attempt(f"unlink({quoted(where)})", os.unlink, where)


def check_target(source: str, target: str, force: bool, doing: str) -> None:
    """Make room for a file that is copied or moved, if that is wanted and does not remove it."""
    if not os.path.lexists(target):
        return
    if not force:
        raise ArgumentError(
            f"'{target}' exists. `force=true` is required to remove '{target}' before {doing}."
        )
    if samefile(source, target):
        raise ArgumentError(
            "'src' and 'dst' refer to the same file/dir. This is not supported.\n"
            f"  `src` refers to: {link_target(source)}\n  `dst` refers to: {link_target(target)}\n"
        )
    rm(target, recursive=True)


def link_target(path: str) -> str:
    return str((Path(path).readlink() if Path(path).is_symlink() else Path(path)).absolute())


@Base.method(
    "cp(source::AbstractString, target::AbstractString; force=false, follow_symlinks=false)"
)
def cp(source: Any, target: Any, *, force: bool = False, follow_symlinks: bool = False) -> str:
    """Copy a file, link or directory."""
    import shutil

    a, b = text_of(source), text_of(target)
    if not os.path.lexists(a):
        attempt(f"sendfile({quoted(a)}, {quoted(b)})", os.stat, a)
    check_target(a, b, force, "copying")
    if Path(a).is_symlink() and not follow_symlinks:
        attempt(f"symlink({quoted(a)}, {quoted(b)})", os.symlink, Path(a).readlink(), b)
    elif Path(a).is_dir():
        shutil.copytree(a, b, symlinks=not follow_symlinks)
    else:
        attempt(f"open({quoted(b)})", shutil.copy, a, b, follow_symlinks=follow_symlinks)
    return b


@Base.method("mv(source::AbstractString, target::AbstractString; force=false)")
def mv(source: Any, target: Any, *, force: bool = False) -> str:
    """Move a file, link or directory."""
    import shutil

    a, b = text_of(source), text_of(target)
    if not os.path.lexists(a):
        attempt(f"rename({quoted(a)}, {quoted(b)})", os.stat, a)
    check_target(a, b, force, "moving")
    attempt(f"rename({quoted(a)}, {quoted(b)})", shutil.move, a, b)
    return b


@Base.method("touch(path::AbstractString)")
def touch(path: Any) -> str:
    """Set the time of a file to now; makes the file if there is none."""
    where = text_of(path)
    attempt(f"touch({quoted(where)})", Path(where).touch)
    return where


@Base.method("symlink(target::AbstractString, link::AbstractString; dir_target=false)")
def symlink(target: Any, link: Any, *, dir_target: bool = False) -> None:
    """Make a symbolic link."""
    a, b = text_of(target), text_of(link)
    attempt(f"symlink({quoted(a)}, {quoted(b)})", os.symlink, a, b)


@Base.method("hardlink(source::AbstractString, target::AbstractString)")
def hardlink(source: Any, target: Any) -> None:
    """Make another name of a file."""
    a, b = text_of(source), text_of(target)
    attempt(f"hardlink({quoted(a)}, {quoted(b)})", os.link, a, b)


@Base.method("readlink(path::AbstractString)")
def readlink(path: Any) -> str:
    """What a symbolic link points to."""
    where = text_of(path)
    return attempt(f"readlink({quoted(where)})", os.readlink, where)


@Base.method("realpath(path::AbstractString)")
def realpath(path: Any) -> str:
    """The path without symbolic links, `.` and `..`; it must exist."""
    where = text_of(path)
    return str(attempt(f"realpath({quoted(where)})", Path(where).resolve, strict=True))


@Base.method("chmod(path::AbstractString, mode::Integer; recursive=false)")
def chmod(path: Any, mode: int, *, recursive: bool = False) -> str:
    """Change what may be done with a file."""
    where = text_of(path)
    attempt(f"chmod({quoted(where)}, 0o{int(mode):o})", os.chmod, where, int(mode))
    if recursive and Path(where).is_dir():
        for inner in Path(where).iterdir():
            chmod(str(inner), mode, recursive=True)
    return where


# ---------------------------------------------------------------- temporary files


@Base.method("tempdir()")
def tempdir() -> str:
    """The directory for temporary files."""
    for name in ("TMPDIR", "TMP", "TEMP", "TEMPDIR"):
        if os.environ.get(name):
            return normal(os.environ[name]).rstrip("/") or "/"
    return "/tmp"


def new_name(parent: str, prefix: str) -> str:
    import secrets

    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    while True:
        name = join_two(parent, prefix + "".join(secrets.choice(letters) for _ in range(6)))
        if not os.path.lexists(name):
            return name


def remove_at_exit(path: str) -> None:
    import atexit
    import shutil

    def remove() -> None:
        if Path(path).is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            Path(path).unlink(missing_ok=True)

    atexit.register(remove)


@Base.method("tempname(parent::AbstractString=tempdir(); cleanup=true)")
def tempname(parent: Any = None, *, cleanup: bool = True) -> str:
    """A path where there is nothing yet."""
    folder = tempdir() if parent is None else text_of(parent)
    if not Path(folder).is_dir():
        raise ArgumentError(f"{quoted(folder)} is not a directory")
    name = new_name(folder, "jl_")
    if cleanup:
        remove_at_exit(name)
    return name


@Base.method("mktemp(parent::AbstractString=tempdir(); cleanup=true)")
def mktemp(parent: Any = None, *, cleanup: bool = True) -> tuple[str, IOStream]:
    """A new file: its path, and a stream open for reading and writing."""
    name = tempname(parent, cleanup=cleanup)
    return name, open_file(name, True, True, True, False, False)


@Base.method("mktemp(f::Function, parent::AbstractString=tempdir())")
def mktemp_during(f: Any, parent: Any = None) -> Any:
    """Call `f` with a new file, which is removed afterwards."""
    name, io = mktemp(parent)
    try:
        return f(name, io)
    finally:
        io.stream.close()
        rm(name, force=True)


@Base.method('mktempdir(parent::AbstractString=tempdir(); prefix="jl_", cleanup=true)')
def mktempdir(parent: Any = None, *, prefix: Any = "jl_", cleanup: bool = True) -> str:
    """A new directory."""
    name = new_name(tempdir() if parent is None else text_of(parent), text_of(prefix))
    attempt(f"mktempdir({quoted(name)})", os.mkdir, name, 0o700)
    if cleanup:
        remove_at_exit(name)
    return name


@Base.method('mktempdir(f::Function, parent::AbstractString=tempdir(); prefix="jl_")')
def mktempdir_during(f: Any, parent: Any = None, *, prefix: Any = "jl_") -> Any:
    """Call `f` with a new directory, which is removed afterwards."""
    name = mktempdir(parent, prefix=prefix)
    try:
        return f(name)
    finally:
        rm(name, force=True, recursive=True)
