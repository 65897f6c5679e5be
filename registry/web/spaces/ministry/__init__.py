"""The space of the ministry: what waits for it, and what it settles."""
