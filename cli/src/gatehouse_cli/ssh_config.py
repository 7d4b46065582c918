"""What is written for ssh: our own file, and one line, or all of it, in ``~/.ssh/config``.

Facts of ssh_config(5) and OpenSSH's readconf.c that this rests on: the command of ``Match exec``
runs in the user's own shell, stands in double quotes in which nothing is escaped, and a percent
sign in it is doubled; ``Include`` goes by the home of the environment, everything else by that of
the account; a file that others may write is refused.
"""

import re
import stat
from collections.abc import Iterable, Sequence
from os import getuid
from pathlib import Path
from pwd import getpwuid

from gatehouse_cli.failures import Failure, Misused
from gatehouse_cli.places import OWN_FILE, delete, replace_file
from gatehouse_cli.setups import SetUp, folder, ssh_folder

PATTERN = re.compile(r"!?[A-Za-z0-9.*?_:\[\]-]{1,255}")
SAYS_NOTHING = re.compile(r"[*?!.]*")
# What would end a word early, for ssh or for some shell, and what ssh puts something else for.
UNFIT = re.compile(r"[^\w ./@+,:=~()-]")
INCLUDE = "Include gatehouse/config\n"
BEGIN = "# gatehouse begins: written by 'gatehouse ssh setup', which writes it anew\n"
END = "# gatehouse ends\n"
OURS = re.compile(
    r"^[ \t]*Include[ \t]+(?:~/\.ssh/)?gatehouse/config[ \t]*\r?\n?"
    rf"|^{re.escape(BEGIN)}.*?^{re.escape(END)}",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
HEAD = "# Written by 'gatehouse ssh setup'. Changes are lost.\n"
# A shell of its own, and single quotes around all: every shell that people have reads that
# alike. Without IFS nothing is split, so no word needs quotes. Until the time in the file
# nobody asks us.
QUICK = (
    "/bin/sh -c '{ read -r a e < $0 && IFS= && n=$(date +%%s) && test $a -le $n && test $n -lt $e"
    " && test -f $1; } 2>/dev/null || { IFS=; shift; exec $@; }'"
)
BLOCK = """\
Match host "{hosts}" exec "{command}"
Host {patterns}
    IdentityFile "{key}"
    CertificateFile "{certificate}"
    IdentitiesOnly yes
    UserKnownHostsFile ~/.ssh/known_hosts "{known_hosts}"
"""


def checked_patterns(patterns: Iterable[str]) -> tuple[str, ...]:
    """Patterns of hosts that mean the same to ssh and in our lines. Raises Misused by name."""
    found = tuple(dict.fromkeys(patterns))
    for one in found:
        if not PATTERN.fullmatch(one):
            raise Misused(
                f"{one!r} is no pattern of hosts: letters, digits, . - _ : * ? [ ] alone."
            )
        if SAYS_NOTHING.fullmatch(one):
            raise Misused(f"{one!r} is every machine there is. Name those of the organization.")
    if all(one.startswith("!") for one in found):
        raise Misused("For which machines? --host '*.example.com'")
    return found


def block(setup: SetUp, program: Sequence[str]) -> str:
    """The lines of one organization. ``program`` is how the command ``gatehouse`` is run.

    The certificate is made in a block of its own: it is used by the same connection, and the
    settings hold whether it could be made or not.
    """
    words = [
        *(str(setup.times), str(setup.certificate)),
        *(*program, "ssh", "ensure", "--quiet", "--org", setup.org),
    ]
    return BLOCK.format(
        hosts=",".join(setup.patterns),
        command=f"{QUICK} {' '.join(map(_quoted, words))}",
        patterns=" ".join(setup.patterns),
        key=_fit(setup.key),
        certificate=_fit(str(setup.certificate)),
        known_hosts=_fit(str(setup.known_hosts)),
    )


def write(setups: Iterable[SetUp], program: Sequence[str], *, inline: bool) -> None:
    """Write the blocks of all organizations; in ``~/.ssh/config`` itself if that is wished."""
    blocks = "\n".join(block(one, program) for one in setups)
    if not blocks:
        delete(folder() / "config")
        edit("")
    elif inline:
        # What follows in the file is for every host again.
        edit(f"{BEGIN}{blocks}Match all\n{END}")
        delete(folder() / "config")
    else:
        replace_file(folder() / "config", HEAD + blocks)
        edit(INCLUDE)


def is_inline() -> bool:
    """Whether our lines are in ``~/.ssh/config`` itself."""
    return BEGIN in _text_of(_target())


def elsewhere() -> str:
    """That ssh goes by another home than we do, where it does: it does not ask the environment."""
    account = Path(getpwuid(getuid()).pw_dir)
    if Path.home().resolve() == account.resolve():
        return ""
    return f"HOME is {Path.home()}: by itself ssh reads what is in {account}."


def edit(ours: str) -> None:
    """Put what is ours at the top of ``~/.ssh/config``, in place of what was ours before.

    All else in it stays as it is, and so does its mode. A link is followed to a file of the
    user's own: configurations are kept in repositories.
    """
    path = _target()
    before = _text_of(path)
    after = ours + OURS.sub("", before)
    if after == before:
        return
    mode = OWN_FILE
    if path.exists():
        mode = stat.S_IMODE(path.stat().st_mode)
        if not OURS.search(before):
            replace_file(ssh_folder() / "config.before-gatehouse", before)
    replace_file(path, after, mode)


def _target() -> Path:
    path = ssh_folder() / "config"
    try:
        target = path.resolve(strict=path.is_symlink())
        found = target.stat()
    except FileNotFoundError:
        if path.is_symlink():
            raise Failure(f"{path} is a link to nothing. Nothing was changed.") from None
        return path
    except (OSError, RuntimeError):
        raise Failure(f"{path} cannot be followed. Nothing was changed.") from None
    others = target.parent.stat().st_mode & stat.S_IWOTH
    if not stat.S_ISREG(found.st_mode) or found.st_uid != getuid() or others:
        raise Failure(f"{target} is not a file of your own. Nothing was changed.")
    return target


def _text_of(path: Path) -> str:
    try:
        return path.read_bytes().decode(errors="surrogateescape")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise Failure(f"{path} is not read: {error.strerror}.") from None


def _quoted(word: str) -> str:
    return f"'{_fit(word)}'"


def _fit(path: str) -> str:
    """A path that means itself wherever it stands. Raises Misused by name."""
    if found := UNFIT.search(path):
        raise Misused(f"{path!r} cannot stand in ssh's configuration: {found[0]!r} is in it.")
    return path
