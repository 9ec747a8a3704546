"""What has to change for the live state to be the desired one; it changes nothing."""
