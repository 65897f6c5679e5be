"""Disputes, by the doors of their three parties."""
