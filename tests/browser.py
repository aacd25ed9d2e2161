"""A page in headless Chromium (Debian's), driven by the DevTools protocol, for tests that look at what a reader sees.

`make peers` brings Chromium and axe-core. A page records all that it asks for and all that it writes to the console.
"""

import base64
import itertools
import json
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from serbench.cache import cache

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AXE = next((path for path in (cache() / "axe" / "node_modules" / "axe-core" / "axe.min.js",) if path.exists()), None)
MISSING = "Chromium is not installed: make peers"
MISSING_AXE = "axe-core is not installed: make peers"
PATIENCE_S = 30


class Browser:
    """One process for many pages, each in a context of its own."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="serbench-chromium-"))
        self.process = subprocess.Popen(
            [
                CHROMIUM,
                "--headless=new",
                "--no-sandbox",  # root, as in a container
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--hide-scrollbars",
                "--no-first-run",
                "--disable-extensions",
                "--disable-background-networking",
                "--remote-debugging-port=0",
                f"--user-data-dir={self.folder}",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        import websocket

        told = self.folder / "DevToolsActivePort"
        wait(lambda: told.exists() and told.read_text().count("\n"), "Chromium to start")
        port, path = told.read_text().split()
        self.socket = websocket.create_connection(
            f"ws://127.0.0.1:{port}{path}", suppress_origin=True, timeout=PATIENCE_S
        )
        self.numbers = itertools.count(1)
        self.pages = {}

    def call(self, method, session=None, **parameters):
        number = next(self.numbers)
        said = {"id": number, "method": method, "params": parameters}
        self.socket.send(json.dumps(said | ({"sessionId": session} if session else {})))
        while True:
            message = json.loads(self.socket.recv())
            if message.get("id") == number:
                assert "error" not in message, (method, message["error"])
                return message["result"]
            if page := self.pages.get(message.get("sessionId")):
                page.heard(message)

    def open(self, path, **how):
        return Page(self, path, **how)

    def close(self):
        with suppress(Exception):
            self.call("Browser.close")
        self.process.wait(PATIENCE_S)
        self.socket.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Page:
    """A page of a file. `requests` are the addresses that it asked for, `said` what it wrote to the console."""

    def __init__(self, browser, path, fragment="", width=1280, height=800, dark=False, script=True):
        self.browser, self.requests, self.said = browser, [], []
        self.context = browser.call("Target.createBrowserContext")["browserContextId"]
        target = browser.call("Target.createTarget", url="about:blank", browserContextId=self.context)["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        browser.pages[self.session] = self
        for domain in ("Page", "Network", "Runtime", "Log", "Performance"):
            self.call(f"{domain}.enable")
        self.look(width, height, dark)
        self.call("Emulation.setScriptExecutionDisabled", value=not script)
        self.downloads = browser.folder / f"downloads-{self.context}"
        browser.call(
            "Browser.setDownloadBehavior",
            behavior="allow",
            downloadPath=str(self.downloads),
            browserContextId=self.context,
        )
        self.call("Page.bringToFront")  # what is behind is not drawn
        self.go(path, fragment)

    def go(self, path, fragment=""):
        self.call("Page.navigate", url=Path(path).resolve().as_uri() + fragment)
        wait(lambda: self.evaluate("document.readyState") == "complete", "the page to load")

    def look(self, width, height, dark=False, print=False):
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media="print" if print else "", features=[scheme])

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def heard(self, message):
        said = message["params"]
        match message["method"]:
            case "Network.requestWillBeSent":
                self.requests.append(said["request"]["url"])
            case "Runtime.consoleAPICalled":
                self.said.append(" ".join(str(held.get("value", held.get("description"))) for held in said["args"]))
            case "Runtime.exceptionThrown":
                self.said.append(said["exceptionDetails"].get("exception", {}).get("description") or str(said))
            case "Log.entryAdded":
                self.said.append(said["entry"]["text"])

    def evaluate(self, expression):
        """What a JavaScript expression is, or what its promise gives, as JSON: an element is an empty object."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def until(self, expression):
        """Wait for an expression to be true; gives what it is."""
        return wait(lambda: self.evaluate(expression), expression)

    def screenshot(self, path, whole=False):
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        Path(path).write_bytes(base64.b64decode(shot["data"]))

    def pdf(self):
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"])

    def saved(self, act):
        """The name and text of the file that is saved when an expression is evaluated."""
        before = set(self.downloads.glob("*"))
        self.evaluate(act)

        def found():
            new = {path for path in set(self.downloads.glob("*")) - before if path.suffix != ".crdownload"}
            return next((path for path in new if path.stat().st_size), None)

        path = wait(found, "a file to be saved")
        return path.name, path.read_text(encoding="utf-8")

    def axe(self):
        """What axe-core finds wrong: rule, why, and where."""
        self.evaluate(AXE.read_text(encoding="utf-8") + "; true")
        found = self.evaluate("axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)")
        return [(rule["id"], rule["help"], [node["html"][:160] for node in rule["nodes"][:4]]) for rule in found]

    def close(self):
        self.browser.call("Target.disposeBrowserContext", browserContextId=self.context)
        del self.browser.pages[self.session]


def wait(found, what):
    end = time.monotonic() + PATIENCE_S
    while not (held := found()):
        assert time.monotonic() < end, f"waited for {what}"
        time.sleep(0.05)
    return held
