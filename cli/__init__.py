"""Where a person gives orders: the only room with the terminal, exit codes and the clock."""
