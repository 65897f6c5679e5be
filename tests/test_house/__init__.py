"""The rules of the house that a program can hold. A failure names the lines and the way out."""
