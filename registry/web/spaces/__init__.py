"""What one's own organisation may see and do."""
