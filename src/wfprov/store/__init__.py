"""Files and the database of facts: what is read from and written to this machine's disk."""
