"""The ledger's head, as this process knows it: the version of everything that the public reads."""

from time import monotonic

TRUSTED = 1.0
"""Seconds for which a head that was read is taken for the present one."""

GREW = "ledger grew"
"""In ``info`` of a session that appended to the ledger."""

Version = tuple[int, int]


class Head:
    """``known`` is called with the moment when the question was put, not when it was answered:
    what another process wrote since is then unseen for ``TRUSTED`` at most.
    """

    def __init__(self) -> None:
        self.seq = 0
        self.written = 0
        self.trusted_until = 0.0

    @property
    def version(self) -> Version | None:
        """The same as long as nothing was written, by others or by this process; else unknown."""
        return (self.seq, self.written) if monotonic() < self.trusted_until else None

    def known(self, seq: int, asked_at: float) -> None:
        self.seq = seq
        self.trusted_until = asked_at + TRUSTED

    def told(self, seq: int) -> None:
        self.seq = seq

    def wrote(self) -> None:
        """A transaction of this process that appended to the ledger has ended, committed as far as
        is known: nobody need be told to see it.
        """
        self.written += 1

    def lost(self) -> None:
        self.trusted_until = 0.0
