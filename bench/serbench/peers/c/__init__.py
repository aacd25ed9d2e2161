"""C: code that rpcgen and asn1c make of a schema."""
