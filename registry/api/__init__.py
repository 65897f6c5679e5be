# Before any type names a word: strawberry would otherwise make an enum of it without meanings.
from registry.api import words as words
