"""What ties a record to its proofs, and the papers that say so."""
