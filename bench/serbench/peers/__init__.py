"""Implementations that we did not write, in their own languages: do they read our bytes, and do we read theirs?

A folder here is a language (`languages.py`): its manifest with exact versions, a main program, and a file for each
format. The program is a worker of the framed protocol of `serbench.worker`, started once for all formats; a hello with
the versions of its libraries, {"formats": {"msgpack": "@msgpack/msgpack 3.1.3"}}, comes first, and then it answers

    read     format, schema, data [hex, ...]   {"done": [tree, ...]}, what the library sees in each
    write    format, schema, trees             {"done": [hex, ...]}, what the library makes of each
    again    format, schema, data              {"done": [hex, ...]}, decoded and encoded again by generated code

with {"failed": words} in the place of what the library refuses. `schema` is what the format's readers need besides the
octets (`formats.py`), and a *tree* what any reader of the format sees, as JSON (`trees.py`). So a peer knows nothing of
our schemas, and does not convert to the values that they describe: what it sees has to be what Python's own library
sees. What a language or library cannot keep is data (`losses.py`, `defects.py`), applied to what is expected, and the
comparison is exact (`verify.py`).

A language is built once into the user's cache, by the content of its folder. Whatever is missing, does not build, dies,
hangs or prints rubbish costs the rows of that language only.
"""
