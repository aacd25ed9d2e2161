"""C++: code that omniidl makes of a schema."""
