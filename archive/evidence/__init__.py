"""What proves the records: leaves, the log that commits to them, time stamps, packages, verdicts.

Each file format is a public standard; the modules that make and check proofs do no network.
"""
