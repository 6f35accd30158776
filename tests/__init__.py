"""All tests. A regular package, for a library that they use brings another one of this name."""
