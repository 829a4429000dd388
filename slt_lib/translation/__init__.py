"""How does signing become German? A pose-to-text translator, its training and its search."""
