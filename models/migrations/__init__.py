HEAD = "x_signing_in"
"""The revision that the tables of this code are at; a test compares it with the scripts."""
