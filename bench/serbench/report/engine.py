"""What draws charts in a browser: Vega, Vega-Lite and Vega-Embed, bundled by vl-convert and compressed.

Bundling takes some seconds and its result depends on nothing but the version: it is kept in the cache.
"""

import os
import zlib
from base64 import b64encode
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from serbench.cache import cache as cache_folder

VEGA_LITE = "6.4"
SNIPPET = "window.vegaEmbed = vegaEmbed;"  # vl-convert 1.9 has null for the other two names that it offers
ADVICE = "pip install 'serbench[charts]'"


def installed() -> bool:
    """Whether charts can be made: Altair writes them, vl-convert has the scripts and draws files."""
    try:
        return bool(version("altair") and version("vl-convert-python"))
    except PackageNotFoundError:
        return False


@cache
def bundle() -> str:
    """The script, deflated (RFC 1950) and in base 64; empty where vl-convert is not installed."""
    if not installed():
        return ""
    name = f"vega-{version('vl-convert-python')}-{VEGA_LITE}-{zlib.crc32(SNIPPET.encode()):08x}.js.zlib"
    path = cache_folder() / "charts" / name
    with suppress(OSError, zlib.error):
        held = path.read_bytes()
        zlib.decompress(held)
        return b64encode(held).decode()
    import vl_convert

    held = zlib.compress(vl_convert.javascript_bundle(SNIPPET, vl_version=VEGA_LITE).encode(), 9)
    with suppress(OSError):  # without a cache it is bundled again each time
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{name}.{os.getpid()}")
        part.write_bytes(held)
        part.replace(path)
    return b64encode(held).decode()
