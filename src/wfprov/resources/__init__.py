"""Which API calls make, read, change and remove each managed thing; it sends none."""
