HEAD = "0021"
"""The revision that the tables of this code are at; a test compares it with the scripts."""


class CannotMigrate(Exception):
    """The database can't be brought to a revision; the message says the way out."""
