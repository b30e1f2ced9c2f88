"""What proves the records: leaves, the log that commits to them, time stamps, packages, verdicts."""
