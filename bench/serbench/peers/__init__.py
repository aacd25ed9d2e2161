"""Implementations that we did not write, in their own languages: do they read our bytes, and do we read theirs?

A folder here is a language (`languages.py`): its manifest with exact versions, a main program, and a file for each
format. The program is a worker of the framed protocol of `serbench.worker`, started once for all formats; a hello with
the versions of its libraries, {"formats": {"msgpack": "@msgpack/msgpack 3.1.3"}}, comes first, and then it answers

    read     format, schema, data [hex, ...]   {"done": [tree, ...]}, what the library sees in each
    write    format, schema, trees             {"done": [hex, ...]}, what the library makes of each
    again    format, schema, data, timed       {"done": [hex, ...]}, decoded and encoded again by generated code, or
                                               {"octets": hex, "seen": message} with what it saw (`serschema.jsonform`),
                                               or a text of it in another of the library's formats
    time     format, schema, data,             a {"row": ...} for each operation, and {"done": {"measured_ns": ...}}:
             budget_ns, operations             `timing.py`

with {"failed": words} in the place of what the library refuses. `timed` says that times will follow, so that code is
compiled as it is for them. `schema` is what the format's readers need besides the octets (`formats.py`), and a *tree*
what any reader of the format sees, as JSON (`trees.py`). So a peer knows nothing of our schemas, and does not convert
to the values that they describe: what it sees has to be what Python's own library sees. What a language or library
cannot keep is data (`losses.py`, `defects.py`), applied to what is expected, and the comparison is exact (`verify.py`).

A peer that times itself says in its hello by which clock, how it is compiled, and what it makes of a format's octets:
{"timing": {"clock": ..., "optimisation": ..., "objects": {format: words}}}. Times are of decode and encode to and from
the library's own objects, never our trees, in its own process: warmed up, with a compiler at run time until the medians
of five windows of 20 ms in a row lie within 3 % of one another; calibrated once, so that a sample takes 0.1 ms; then
one discarded sample and one that is kept of each operation in turn.

A language is built once into the user's cache, by the content of its folder. Whatever is missing, does not build, dies,
hangs or prints rubbish costs the rows of that language only.
"""
