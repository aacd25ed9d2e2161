"""C: compilers make a program of each schema, which decodes and encodes again what it is given."""
