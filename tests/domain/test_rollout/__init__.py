"""The answers that SQL gives, held against the oracle and against sentences of domain.md."""
