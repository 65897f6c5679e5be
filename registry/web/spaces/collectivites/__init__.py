"""The space of a collectivité: where it stands, and what it may do."""
