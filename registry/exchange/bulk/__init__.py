"""Declarations by file, as an organisation sends them: received, then taken by a worker."""
