"""What is written on a machine so that its sshd believes an organization. Pure."""

import re
from collections.abc import Iterable
from shlex import quote

FOLDER = "/etc/ssh/gatehouse"
KEY_FILES = {
    "ssh-ed25519": "ssh_host_ed25519_key",
    "ssh-rsa": "ssh_host_rsa_key",
    **dict.fromkeys((f"ecdsa-sha2-nistp{bits}" for bits in (256, 384, 521)), "ssh_host_ecdsa_key"),
}


def certificate_path(key_type: str) -> str:
    """Where sshd of OpenSSH has the certificate for its key of this type, if nobody moved it."""
    return f"/etc/ssh/{KEY_FILES[key_type]}-cert.pub"


def sshd_config(org: str, server: str, certificates: Iterable[str] = ()) -> str:
    """Directives for ``/etc/ssh/sshd_config.d``, for files that are there already.

    ``certificates`` are the paths of those that the host shows; without any a comment says how.
    """
    shown = [f"HostCertificate {path}" for path in certificates]
    usual = ["# With a certificate of its own: HostCertificate " + certificate_path("ssh-ed25519")]
    lines = (
        f"# Gatehouse ({server}): who logs in here by certificates of {org}.",
        "# All of these files have to be there: without RevokedKeys nobody gets in by a key.",
        f"TrustedUserCAKeys {FOLDER}/user-ca.pub",
        f"RevokedKeys {FOLDER}/revoked.krl",
        f"AuthorizedPrincipalsFile {FOLDER}/principals/%u",
        *(shown or usual),
    )
    return "".join(f"{line}\n" for line in lines)


def install_script(*, org: str, server: str, files_url: str, user_keys: Iterable[str]) -> str:
    """A script for /bin/sh that does all this. What it is made of is quoted, whatever it holds.

    ``files_url`` is where the organization publishes its files.
    """
    values = {
        "ABOUT": f"# Lets sshd of this machine believe SSH certificates of {org} ({server}).",
        "KRL_URL": quote(f"{files_url}/krl"),
        "KEYS_URL": quote(f"{files_url}/user-ca.pub"),
        "USER_KEYS": quote("".join(f"{line}\n" for line in user_keys)),
    }
    return re.sub(r"@([A-Z_]+)@", lambda found: values[found[1]], SCRIPT)


SCRIPT = r"""#!/bin/sh
@ABOUT@
#
# Run it as root; again whenever you like. It writes files first and last what makes sshd use them,
# asks sshd whether it takes that, and puts back what was there if not. What is revoked is fetched
# each minute from then on. Which principals get into an account stands in
# /etc/ssh/gatehouse/principals/ACCOUNT, a line each; without that file, nobody.
# GATEHOUSE_ETC says where the configuration of sshd is, if not in /etc/ssh.
set -eu
umask 022

etc=${GATEHOUSE_ETC:-/etc/ssh}
folder=$etc/gatehouse
config=$etc/sshd_config
dropins=$etc/sshd_config.d
ours=$dropins/gatehouse.conf
krl_url=@KRL_URL@
keys_url=@KEYS_URL@
user_keys=@USER_KEYS@

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

quoted() {
    printf "'"
    printf '%s' "$1" | sed "s/'/'\\\\''/g"
    printf "'"
}

[ -w "$etc" ] || fail "$etc cannot be written: run this as root."
for program in curl ssh-keygen mktemp; do
    command -v "$program" >/dev/null || fail "This needs $program. Nothing was changed."
done
[ ! -e "$folder/state.json" ] ||
    fail "This machine is enrolled: 'gatehouse host sync' fetches all of this. Nothing was changed."
PATH=$PATH:/usr/sbin:/usr/local/sbin
sshd=$(command -v sshd) || fail 'There is no sshd here. Nothing was changed.'
"$sshd" -t -f "$config" || fail "sshd refuses $config as it is. Nothing was changed."
grep -Eiq '^[[:space:]]*include[[:space:]].*sshd_config\.d/\*\.conf' "$config" ||
    fail "Put the line 'Include $dropins/*.conf' at the top of $config, and run this again."

mkdir -p "$folder/principals" "$dropins"
new=$(mktemp -d "$folder/.new.XXXXXX")
trap 'rm -rf "$new"' EXIT
trap 'exit 1' HUP INT TERM

printf '%s' "$user_keys" >"$new/user-ca.pub"
ssh-keygen -l -f "$new/user-ca.pub" >/dev/null || fail 'The keys are damaged. Nothing was changed.'
curl --fail --silent --show-error --max-time 60 --output "$new/revoked.krl" "$krl_url" ||
    fail 'The revocation list cannot be fetched. Nothing was changed.'
ssh-keygen -Q -l -f "$new/revoked.krl" >/dev/null 2>&1 ||
    fail 'What came is no revocation list. Nothing was changed.'
{
    printf '#!/bin/sh\n# Fetches what is revoked and believed. What is not good stays out.\n'
    printf 'folder=%s\n' "$(quoted "$folder")"
    printf 'krl_url=%s\n' "$(quoted "$krl_url")"
    printf 'keys_url=%s\n' "$(quoted "$keys_url")"
    cat <<'END'
set -eu
umask 022
new=$(mktemp -d "$folder/.new.XXXXXX")
trap 'rm -rf "$new"' EXIT
trap 'exit 1' HUP INT TERM
fetch() {
    curl --fail --silent --show-error --max-time 60 --output "$new/$1" "$2"
}
fetch revoked.krl "$krl_url"
ssh-keygen -Q -l -f "$new/revoked.krl" >/dev/null
chmod 644 "$new/revoked.krl"
mv -f "$new/revoked.krl" "$folder/"
fetch user-ca.pub "$keys_url"
# It may be that no key is believed any more; then it says so in its first line.
if grep -qv '^#' "$new/user-ca.pub"; then
    ssh-keygen -l -f "$new/user-ca.pub" >/dev/null
else
    grep -q '^# Gatehouse, ' "$new/user-ca.pub"
fi
chmod 644 "$new/user-ca.pub"
mv -f "$new/user-ca.pub" "$folder/"
END
} >"$new/refresh"
chmod 644 "$new/user-ca.pub" "$new/revoked.krl"
chmod 755 "$new/refresh"
mv -f "$new/user-ca.pub" "$new/revoked.krl" "$new/refresh" "$folder/"

{
    printf 'TrustedUserCAKeys "%s/user-ca.pub"\n' "$folder"
    printf 'RevokedKeys "%s/revoked.krl"\n' "$folder"
    printf 'AuthorizedPrincipalsFile "%s/principals/%%u"\n' "$folder"
} >"$new/gatehouse.conf"
chmod 644 "$new/gatehouse.conf"
[ ! -e "$ours" ] || cp -p "$ours" "$new/before"
mv -f "$new/gatehouse.conf" "$ours"
if ! "$sshd" -t -f "$config"; then
    if [ -e "$new/before" ]; then
        mv -f "$new/before" "$ours"
    else
        rm -f "$ours"
    fi
    fail "sshd refuses it. $ours is as it was."
fi

reads_cron_d() {
    command -v cron >/dev/null && return
    crond=$(command -v crond) || return
    # That of BusyBox reads the crontabs of users alone.
    case $(basename "$(readlink -f "$crond")") in busybox*) return 1 ;; esac
}

each_minute() {
    if [ "$etc" != /etc/ssh ]; then
        return 1
    elif [ -d /run/systemd/system ]; then
        units=/etc/systemd/system
        printf '[Service]\nType=oneshot\nExecStart=%s\n' "$folder/refresh" \
            >"$units/gatehouse-refresh.service"
        {
            printf '[Timer]\nOnBootSec=30\nOnUnitActiveSec=60\nAccuracySec=5\n'
            printf '[Install]\nWantedBy=timers.target\n'
        } >"$units/gatehouse-refresh.timer"
        systemctl daemon-reload && systemctl enable --quiet --now gatehouse-refresh.timer
    elif [ -d /etc/cron.d ] && reads_cron_d; then
        printf '* * * * * root %s/refresh >/dev/null 2>&1\n' "$folder" >/etc/cron.d/gatehouse
    else
        return 1
    fi
}

each_minute ||
    printf 'Have this run each minute, or what is revoked still gets in: %s\n' "$folder/refresh"
if [ "$etc" = /etc/ssh ] && [ -d /run/systemd/system ]; then
    systemctl try-reload-or-restart ssh.service 2>/dev/null ||
        systemctl try-reload-or-restart sshd.service ||
        fail 'Everything is in place. Reload sshd by hand.'
    printf 'Done: sshd believes the certificates from now on.\n'
else
    printf 'Done. Reload sshd, and it believes the certificates.\n'
fi
for file in "$folder"/principals/*; do
    [ ! -e "$file" ] || exit 0
done
printf 'Nobody gets in yet. Say which principals do, for each account: echo PRINCIPAL > %s\n' \
    "$folder/principals/ACCOUNT"
"""
