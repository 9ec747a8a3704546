"""Google's facts, as data; PROVENANCE.md says where each comes from."""
