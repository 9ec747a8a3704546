"""What the user wants, as values: configuration decoded, names derived, resources asked for."""
