"""What a posting says of itself: its title, number, agency, dates and source, each with its place."""
