"""How fast, beside its peers: one machine, one minute, one site."""
