HEAD = "0017"
"""The revision that the tables of this code are at; a test compares it with the scripts."""
