"""What the generators of CDR, NDR and XDR share: formats without tags, whose parts stand at multiples of some size.

- `position`: slots of a `struct` format, what is known of the place where they begin, and the calls that follow.
- `shape`: which types of a schema are of fixed size, and which are written in place.
- `generator`, `writer`, `reader`: the generators; a format's own say what is its own.
- `runtime`: what generated source calls.
"""
