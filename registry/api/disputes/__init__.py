"""What collectivités contest: read by those who may, moved by those whose turn it is."""
