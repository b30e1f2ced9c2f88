"""What goes out besides captures: to time-stamp authorities, time servers, cosigners, other logs."""
