"""Bringing this machine to what the server says of it: whatever fails, sshd keeps its files."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from gatehouse_cli.durations import in_words
from gatehouse_cli.failures import Failure, Misused, NotSignedIn, Refused, Unreachable
from gatehouse_cli.hosts import certifying, files, krl, sshd, told
from gatehouse_cli.hosts.failures import NotGood
from gatehouse_cli.hosts.machine import Machine
from gatehouse_cli.hosts.server import synced
from gatehouse_cli.hosts.state import State, as_kept, read_state
from gatehouse_cli.places import Busy

STALE = 15 * 60  # Seconds without word of the server that are too many.
HANGS = "Another run of this does not come to its end."
RELOAD = "Reload sshd: until then it shows the certificates of before."
NOBODY = "The organization has no authority for people: by a certificate nobody gets in here."


@dataclass(slots=True)
class Outcome:
    """What a run did. ``problem`` is why something of before stays; ``is_left``: whether it left
    all to another run.
    """

    changed: list[Path] = field(default_factory=list)
    removed: list[Path] = field(default_factory=list)
    is_renewed: bool = False
    is_left: bool = False
    problem: Failure | None = None


@dataclass(slots=True)
class Run:
    """One run on one machine. ``say`` gets what people should know."""

    machine: Machine
    state: State
    say: Callable[[str], None]
    is_dry: bool = False
    outcome: Outcome = field(default_factory=Outcome)

    def put(self, found: files.Files) -> list[Path]:
        if self.is_dry:
            return files.changed(found)
        self.state.etag = ""  # Until all is in place again.
        return files.put(self.machine, self.state, found)


def sync(
    machine: Machine,
    say: Callable[[str], None],
    *,
    dry_run: bool = False,
    renew: bool = False,
    wait: bool = False,
) -> Outcome:
    """Fetch what is new and put it in place; ``renew`` the certificates also if they are not due.
    Without ``wait`` it is left to another run that is at it: where one hangs, they would pile up.

    Raises Failure if nothing could be done: Unreachable, NotSignedIn, NotGood.
    """
    state = read_state(machine)
    try:
        with machine.alone(wait=wait):
            run = Run(machine, read_state(machine), say, dry_run)
            if not dry_run:
                files.sweep(machine, run.state)
            _go(run, renew=renew)
            return run.outcome
    except Busy:
        problem = Unreachable(f"{HANGS}{_how_stale(state)}") if _is_stale(state) else None
        return Outcome(is_left=True, problem=problem)


def install(run: Run, found: told.Told) -> None:
    """Put in place what the server told. What is not good of it stays out, and is the problem."""
    state, machine = run.state, run.machine
    if not files.is_kept(state, machine.krl) or state.krl_version != found.krl_version:
        _put_list(run, found.krl_url, found.krl_version)
    if run.outcome.problem and not state.complete:
        raise run.outcome.problem
    new: dict[Path, bytes] = {}
    new[machine.user_ca] = files.as_lines(found.user_ca)
    for account, principals in found.principals.items():
        new[machine.principals / account] = files.as_lines(list(principals))
    state.organization, state.names, state.host_ca = found.organization, found.names, found.host_ca
    state.bundle = found.bundle
    run.outcome.changed += run.put(new)
    others = files.others_in(machine, found.principals)
    run.outcome.removed += others
    if not run.is_dry:
        files.forget(machine, state, others)
    if not found.user_ca:
        run.say(NOBODY)


def keep(run: Run, new: files.Files) -> None:
    """Put certificates in place. Was there none for a key, then sshd shows none for it either: who
    heard that it is revoked would not go on to another one.
    """
    state, gone = run.state, []
    run.outcome.changed += run.put(new)
    for key in certifying.keys_here(state):
        path, name = certifying.path_of(key), str(key.path)
        if path in new:
            state.revoked.pop(name, None)
        else:
            run.say(certifying.NO_MORE.format(key=name))
            state.revoked[name] = state.keys.pop(name)
            gone.append(path)
    _show_no_more(run, gone)


def finish(run: Run) -> None:
    """Have sshd use what is in place: its lines the first time or when they are others, and a
    reload when it needs one.
    """
    state, machine = run.state, run.machine
    if not state.complete and state.drop_in:
        sshd.set_up(machine, state)
        state.reload_due = True
    state.complete = True
    state.write(machine)
    if state.drop_in and sshd.shows_others(machine, state):
        _show_others(run)
    if state.reload_due:
        _reload(run)


def _show_others(run: Run) -> None:
    """Have sshd show the certificates that there are now. What it refuses is tried again with the
    next run.
    """
    try:
        sshd.set_up(run.machine, run.state)
    except Failure as failure:
        run.say(f"{run.machine.drop_in} stays as it is. {failure}")
    else:
        run.outcome.changed.append(run.machine.drop_in)
        run.state.reload_due = True
        run.state.write(run.machine)


def _reload(run: Run) -> None:
    """What sshd refuses is told again with the next run."""
    try:
        if not sshd.reload(run.machine):
            run.say(RELOAD)
    except Failure as failure:
        run.say(f"{RELOAD} {failure}")
    else:
        run.state.reload_due = False
        run.state.write(run.machine)


def _go(run: Run, *, renew: bool) -> None:
    state, machine = run.state, run.machine
    _miss_no_more(run)
    has_certificates = _has_certificates(state)
    is_whole = state.complete and has_certificates and files.are_as_kept(machine, state)
    found, tag = None, state.etag
    try:
        if answer := synced(state, tag if is_whole and not renew else ""):
            found, tag = told.read(answer[0]), answer[1]
            _refuse_another(state, found)
            install(run, found)
    except Unreachable as failure:
        raise Unreachable(f"{failure}{_how_stale(state)}") from None
    except NotSignedIn:
        # Whatever has become of this machine: who is revoked stays out.
        _put_list(run, state.krl_url, 0)
        raise
    if not run.outcome.problem:
        state.fresh_at = time.time()
    if found and (renew or found.renewal_due or not has_certificates):
        _renew(run)
    if run.is_dry:
        if state.drop_in and sshd.shows_others(machine, state):
            run.outcome.changed.append(machine.drop_in)
        return
    finish(run)
    if not run.outcome.problem:
        state.etag = tag
        state.write(machine)


def _put_list(run: Run, url: str, version: int) -> None:
    """Fetch the revocation list, this one or a later one. Is it not good, the one that is there
    stays, and that is the problem.
    """
    state = run.state
    try:
        raw, age = krl.fetch(url, state.signer)
        krl.refuse_older(age, _age_here(run), version)
    except (NotGood, Unreachable, Misused) as failure:
        run.outcome.problem = failure
        return
    state.krl_version, state.krl_generated, state.krl_url = age.version, age.generated, url
    run.outcome.changed += run.put({run.machine.krl: raw})


def _age_here(run: Run) -> krl.Age:
    """Of the list that is in place, be it that we were stopped before we noted it."""
    state = run.state
    noted = krl.Age(state.krl_generated, state.krl_version or 0)
    if not state.complete:
        return noted
    with suppress(OSError, NotGood):
        return max(noted, krl.age_of(run.machine.krl.read_bytes()))
    return noted


def _renew(run: Run) -> None:
    if run.is_dry:
        run.outcome.is_renewed = True
        return
    run.state.write(run.machine)  # What it has heard it has heard, whatever comes of this.
    try:
        new = certifying.renewed(run.state)
    except Refused as refused:
        if refused.details.get("reason") == certifying.REVOKED:
            # The certificates stay: there is none that sshd could show in their place.
            run.state.revoked |= as_kept(certifying.keys_here(run.state))
            run.state.write(run.machine)
        raise
    run.state.reload_due = True
    run.state.write(run.machine)
    keep(run, new)
    run.outcome.is_renewed = True


def _has_certificates(state: State) -> bool:
    """Whether each key that is here has the one that was given."""
    paths = [certifying.path_of(key) for key in certifying.keys_here(state)]
    return bool(paths) and all(files.is_kept(state, path) for path in paths)


def _miss_no_more(run: Run) -> None:
    """Keys may be taken from a machine: their certificates, as far as they are ours, go as well."""
    _show_no_more(run, certifying.gone_from(run.state))


def _show_no_more(run: Run, certificates: Sequence[Path]) -> None:
    """What somebody has put in the place of one of them stays, and is not shown either."""
    ours = [path for path in certificates if files.is_kept(run.state, path)]
    run.outcome.removed += ours
    for path in certificates:
        run.state.files.pop(str(path), None)
    if not run.is_dry:
        files.forget(run.machine, run.state, ours)


def _refuse_another(state: State, found: told.Told) -> None:
    if found.host_id != state.host_id:
        raise NotGood("The server speaks of another machine.")
    if found.krl_signer != state.signer:
        raise NotGood(
            "The server names another key that signs revocation lists than at enrolment. If that"
            " is right, enrol this machine anew."
        )


def _is_stale(state: State) -> bool:
    return bool(state.fresh_at) and time.time() - state.fresh_at > STALE


def _how_stale(state: State) -> str:
    if not _is_stale(state):
        return " All stays as it is."
    since = in_words(time.time() - state.fresh_at)
    return (
        f" All stays as it is: for {since} this machine has not heard who is let in and what is"
        " revoked."
    )
