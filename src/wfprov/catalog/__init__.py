"""From an outbound call to what it reaches and the permissions it asks for; it picks no role."""
