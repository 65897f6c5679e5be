"""The oracle judged: by hand on registries small enough for the eye, then by consistency."""
