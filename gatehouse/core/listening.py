"""Where a server of ours may listen: looked at before anything else is done, said in words."""

import errno
import socket

import click

# What to do, by what the system says of an address that cannot be bound.
NOT_OURS = (
    "HOST={host} is no address of this machine ({why})."
    " Use 127.0.0.1 for this machine alone, or 0.0.0.0 for its networks."
)
NOT_ALLOWED = (
    "Port {port} is for the administrator alone. Choose one from 1024 on, such as PORT=5000, and"
    " let a reverse proxy have that one."
)
IN_USE = (
    "Port {port} of {host} cannot be used ({why}), perhaps because another Gatehouse serves there."
    " Stop that one, or choose another port: PORT={other}."
)
REMEDIES = {errno.EADDRNOTAVAIL: NOT_OURS, errno.EACCES: NOT_ALLOWED}
LAST_PORT = 65_535


def address_of(host: str) -> str:
    """The IP address that HOST stands for, of IPv4 if it has one: granian takes no names."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        told = NOT_OURS.format(host=host, why=error.strerror)
        raise click.ClickException(told) from None
    addresses = [str(place[0]) for *_, place in found]
    return next((address for address in addresses if ":" not in address), addresses[0])


def refuse_a_port_in_use(host: str, port: int) -> None:
    """Raise if somebody listens there: granian would share the port, and the requests, silently."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            says = REMEDIES.get(error.errno or 0, IN_USE)
            other = port + 1 if port < LAST_PORT else port - 1
            told = says.format(host=host, port=port, why=error.strerror, other=other)
            raise click.ClickException(told) from None
