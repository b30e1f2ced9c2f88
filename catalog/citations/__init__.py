"""Citations: what is known of a posting and its archived copy, in the forms that readers cite by."""
