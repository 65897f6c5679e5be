"""The words of the domain as GraphQL enums: every value says what it means."""

from registry.api.words import answers as answers
from registry.api.words import records as records
from registry.api.words import states as states
from registry.api.words.describing import describe

__all__ = ["describe"]
