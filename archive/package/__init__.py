"""Evidence packages: all that a stranger needs to verify captures offline, as a bag (RFC 8493)."""
