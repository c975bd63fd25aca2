"""The language: text <-> query <-> JSON. Knows nothing of the service."""
