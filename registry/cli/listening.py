"""The sockets that the service listens on, or why it can't."""

import errno
import socket


class CannotListen(Exception):
    """The message says why, and the way out."""


def bound(host: str, port: int) -> list[socket.socket]:
    """One for each address of ``host``; nobody is answered before they listen.

    Raises ``CannotListen``.
    """
    sockets: list[socket.socket] = []
    try:
        for family, address in _addresses(host, port):
            listener = socket.socket(family, socket.SOCK_STREAM)
            sockets.append(listener)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind((address, port))
            listener.set_inheritable(True)
            port = listener.getsockname()[1]
    except OSError as error:
        for listener in sockets:
            listener.close()
        raise refusal(error, host, port) from error
    return sockets


def listen(sockets: list[socket.socket], backlog: int, host: str) -> None:
    """Raises ``CannotListen``: another program may listen since the port was found free."""
    for listener in sockets:
        try:
            listener.listen(backlog)
        except OSError as error:
            raise refusal(error, host, listener.getsockname()[1]) from error


def refusal(error: OSError, host: str, port: int) -> CannotListen:
    match error.errno:
        case errno.EADDRINUSE:
            return CannotListen(
                f"Le port {port} est déjà pris sur {host} : arrêtez ce qui l’occupe, ou"
                " choisissez-en un autre par --port."
            )
        case errno.EACCES:
            return CannotListen(
                f"Le port {port} n’est pas permis à ce compte : choisissez-en un au-dessus de 1023"
                " par --port."
            )
    return CannotListen(
        f"« {host} » n’est pas une adresse de cette machine où écouter : choisissez-en une autre"
        " par --host."
    )


def url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, str]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except ValueError as malformed:  # A name that no domain may bear.
        raise refusal(OSError(), host, port) from malformed
    return list(dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found))
