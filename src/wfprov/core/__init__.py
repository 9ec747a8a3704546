"""What every layer speaks: places, findings, names, policies, ports; it knows no API of Google."""
