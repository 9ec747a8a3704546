"""From needed permissions to the narrowest roles at the narrowest scope; it reads no workflow."""
