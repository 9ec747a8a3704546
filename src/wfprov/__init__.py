"""wfprov: provisions Google Cloud Workflows with exactly the access they need."""
