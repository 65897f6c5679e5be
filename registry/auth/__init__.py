"""Credentials in, an actor out. What the actor may do is the domain's ``policy``."""
