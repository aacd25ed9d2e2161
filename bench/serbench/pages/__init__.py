"""Pages of the documentation that are made of the code, as Markdown: formats, commands and the Python interface.

Functions of the registry, of click's commands and of docstrings. `docs/hooks.py` puts them into the site.
"""
