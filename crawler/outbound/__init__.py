"""What goes out besides captures: to time-stamp authorities and time servers."""
