"""Does made signing help a translator, and why? The protocols, each a few lines."""
