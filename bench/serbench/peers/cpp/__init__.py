"""C++: code that compilers make of a schema."""

from pathlib import Path

HERE = Path(__file__).parent
INCLUDES = ("-I.", f"-I{HERE.with_name('c')}")
