"""The mails about SSH keys: whoever did not do it shall hear of it."""

from gatehouse.mail.service import Mail, sample


@sample(
    key="Laptop", fingerprint="SHA256:47DEQpj8HBSa-TImW+5JCeuQeRkm5NMpJWZG3hSuFU0", ip="192.0.2.7"
)
def key_verified_mail(*, key: str, fingerprint: str, ip: str | None) -> Mail:
    return Mail(
        subject="An SSH key was added to your account",
        says=("It gets certificates for the machines that you may use, from now on.",),
        facts=(("Key", key), ("Fingerprint", fingerprint), ("Added from", ip or "unknown")),
        notes=(
            "If that was you, you need do nothing.",
            "If not, delete the key, change your password, and sign out everywhere.",
        ),
    )
