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


def install_script(*, org: str, server: str, krl_url: str, user_keys: Iterable[str]) -> str:
    """A script for /bin/sh that does all this. What it is made of is quoted, whatever it holds."""
    values = {
        "ABOUT": f"# Lets sshd of this machine believe SSH certificates of {org} ({server}).",
        "KRL_URL": quote(krl_url),
        "USER_KEYS": quote("".join(f"{line}\n" for line in user_keys)),
    }
    return re.sub(r"@([A-Z_]+)@", lambda found: values[found[1]], SCRIPT)


SCRIPT = r"""#!/bin/sh
@ABOUT@
#
# Run it as root; again whenever you like. It writes files first and last what makes sshd use them,
# asks sshd whether it takes that, and puts back what was there if not. Which principals get into an
# account stands in /etc/ssh/gatehouse/principals/ACCOUNT, a line each; without that file, nobody.
# GATEHOUSE_ETC says where the configuration of sshd is, if not in /etc/ssh.
set -eu
umask 022

etc=${GATEHOUSE_ETC:-/etc/ssh}
folder=$etc/gatehouse
config=$etc/sshd_config
dropins=$etc/sshd_config.d
ours=$dropins/gatehouse.conf
krl_url=@KRL_URL@
user_keys=@USER_KEYS@

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

[ -w "$etc" ] || fail "$etc cannot be written: run this as root."
for program in curl ssh-keygen mktemp; do
    command -v "$program" >/dev/null || fail "This needs $program. Nothing was changed."
done
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
chmod 644 "$new/user-ca.pub" "$new/revoked.krl"
mv -f "$new/user-ca.pub" "$new/revoked.krl" "$folder/"

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

if [ "$etc" = /etc/ssh ] && [ -d /run/systemd/system ]; then
    systemctl try-reload-or-restart ssh.service 2>/dev/null ||
        systemctl try-reload-or-restart sshd.service ||
        fail 'Everything is in place. Reload sshd by hand.'
    printf 'Done: sshd believes the certificates from now on.\n'
else
    printf 'Done. Reload sshd, and it believes the certificates.\n'
fi
"""
