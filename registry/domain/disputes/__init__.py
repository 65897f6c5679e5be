"""What collectivités contest: opened, examined with a right of reply, decided."""
