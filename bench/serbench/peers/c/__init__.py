"""C: code that compilers make of a schema (`program.h`), and libraries that need none (`main.c`)."""

from pathlib import Path

HERE = Path(__file__).parent
