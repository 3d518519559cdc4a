"""The commands of `streamstyle`, one a file; what is heavy they import when they are called."""
