"""The service: JSON -> job -> answer. Knows nothing of the language."""
