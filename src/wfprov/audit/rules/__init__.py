"""One rule of the audit per module; they do not know each other."""
