"""See the package `st2common`."""
