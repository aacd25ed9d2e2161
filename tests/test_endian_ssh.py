"""Crossings over a real ssh: a server of our own on the loopback.

Its `python3` is a virtual environment with nothing in it; another, which the machine's name leads to, sees what is
installed here.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest
from serbench.cli import main

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin{os.pathsep}/usr/local/sbin")
LACKING = [name for name, path in {"sshd": SSHD, "ssh": shutil.which("ssh")}.items() if path is None]
pytestmark = pytest.mark.skipif(
    bool(LACKING), reason=f"missing: {', '.join(LACKING)}; apt-get install openssh-server openssh-client"
)

SERVER = """
Port {port}
ListenAddress 127.0.0.1
HostKey {place}/host
PidFile {place}/pid
AuthorizedKeysFile {place}/user.pub
AuthenticationMethods publickey
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
ForceCommand export PATH={place}/bare/bin:/usr/bin:/bin; cd {place}/far; eval "$SSH_ORIGINAL_COMMAND"
"""
CLIENT = """
Host far
  HostName 127.0.0.1
  Port {port}
Host *
  IdentityFile {place}/user
  IdentitiesOnly yes
  UserKnownHostsFile {place}/known
  GlobalKnownHostsFile /dev/null
"""


def free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


def answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as held:
            return held.recv(4) == b"SSH-"
    except OSError:
        return False


class Host:
    """A server with keys, port and configuration of its own, and a client that knows it."""

    def __init__(self, place):
        self.place = place
        self.port = free_port()
        for key in ("host", "user"):
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", key, "-f", place / key)
        names = f"[127.0.0.1]:{self.port}"
        (place / "known").write_text(f"{names} {(place / 'host.pub').read_text()}")
        for name, text in {"server": SERVER, "client": CLIENT}.items():
            (place / name).write_text(text.format(port=self.port, place=place))
        for name in ("bare", "full"):
            run(sys.executable, "-m", "venv", "--without-pip", place / name)
        (site,) = (place / "full").glob("lib/*/site-packages")
        (site / "here.pth").write_text(f"{sysconfig.get_path('platlib')}\n")
        (place / "far").mkdir()
        (place / "bin").mkdir()
        ssh = place / "bin" / "ssh"  # OpenSSH takes the home of its configuration from the list of users
        ssh.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {place / "client"} "$@"\n')
        ssh.chmod(0o755)
        with (place / "log").open("wb") as log:
            self.process = subprocess.Popen([SSHD, "-D", "-e", "-f", place / "server"], stderr=log)
        for _ in range(100):
            if self.process.poll() is not None or answers(self.port):
                break
            time.sleep(0.1)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


def run(*command):
    subprocess.run([str(part) for part in command], check=True, stdin=subprocess.DEVNULL, capture_output=True)


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # sshd's own, which the system makes when it starts the service
    made = Host(tmp_path_factory.mktemp("ssh"))
    try:
        if not answers(made.port):
            pytest.fail(f"sshd does not answer: {(made.place / 'log').read_text()[-500:]}")
        yield made
    finally:
        made.stop()


@pytest.fixture
def far(host, monkeypatch):
    monkeypatch.setenv("PATH", str(host.place / "bin"), prepend=os.pathsep)
    monkeypatch.setenv("SSH_AUTH_SOCK", "")
    return host


CODECS = ("-c", "xdr", "-c", "json", "-c", "msgpack/msgpack", "-c", "pickle/5")


@pytest.mark.parametrize("name", ["ssh://far", "ssh://127.0.0.1:{port}", "ssh://{user}@far"])
def test_values_cross_to_a_host_and_back(far, capsys, name):
    user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    name = name.format(port=far.port, user=user)
    assert main(["endian", "--machine", name, *CODECS, "-s", "integers", "--json"]) == 0
    (done,) = json.loads(capsys.readouterr().out)
    found = {row["codec"]: (row["status"], row["octets"]) for row in done["rows"] if row["dataset"] == "endian-fields"}
    assert found["xdr/serbench"] == found["json/stdlib"] == found["pickle/5"] == ("ok", "same")
    assert found["json/orjson"] == found["msgpack/msgpack"] == ("unavailable", "")
    assert done["machine"] == name
    assert done["hello"]["python"] == ".".join(map(str, sys.version_info[:3]))
    (archive,) = (far.place / "far" / ".cache" / "serbench").iterdir()
    assert archive.suffix == ".zip"


def test_archives_of_earlier_days_are_removed(far):
    old, other = (far.place / "far" / ".cache" / "serbench" / name for name in ("0123.zip", "0123.txt"))
    for path in (old, other):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (0, 0))
    assert main(["endian", "--machine", "ssh://far", "-c", "xdr", "-s", "integers"]) == 0
    assert (old.exists(), other.exists()) == (False, True)
    other.unlink()


def test_what_is_lacking_there_says_how_it_comes(far, capsys):
    assert main(["endian", "--machine", "ssh://far", "-c", "msgpack/msgpack", "-s", "integers"]) == 0
    assert "msgpack/msgpack: unavailable: not there: pip install" in capsys.readouterr().out


def test_a_host_that_is_not_known_is_not_trusted(far, capsys):
    known = far.place / "known"
    text = known.read_text()
    known.write_text("")
    try:
        assert main(["endian", "--machine", "ssh://far", "-c", "xdr", "-s", "integers"]) == 2
    finally:
        known.write_text(text)
    assert "ssh://far: ssh ended with exit code 255: Host key verification failed." in capsys.readouterr().err


def test_a_port_where_nobody_listens(far, capsys):
    assert main(["endian", "--machine", f"ssh://127.0.0.1:{free_port()}", "-c", "xdr", "-s", "integers"]) == 2
    assert "Connection refused" in capsys.readouterr().err


def test_a_python_that_is_too_old_or_not_there(far, capsys):
    python = far.place / "bare" / "bin" / "python3"
    kept = python.readlink()
    python.unlink()
    python.write_text("#!/bin/sh\necho 'SyntaxError: invalid syntax' >&2; exit 1\n")
    python.chmod(0o755)
    try:
        assert main(["endian", "--machine", "ssh://far", "-c", "xdr", "-s", "integers"]) == 2
    finally:
        python.unlink()
        python.symlink_to(kept)
    err = capsys.readouterr().err
    assert "serbench: ssh://far does not start a worker: ended with exit code 1" in err
    assert "SyntaxError" in err


def test_a_python_that_is_named(far, capsys):
    name = f"ssh://far{far.place}/full/bin/python3"
    assert main(["endian", "--machine", name, *CODECS, "-s", "integers", "--json"]) == 0
    (done,) = json.loads(capsys.readouterr().out)
    assert {row["status"] for row in done["rows"] if row["codec"] == "msgpack/msgpack"} == {"ok"}
    assert main(["endian", "--machine", f"ssh://far{far.place}/no/python3", "-c", "xdr", "-s", "integers"]) == 2
    assert "/no/python3: not found" in capsys.readouterr().err


def test_a_connection_that_is_cut_says_so(far, capsys, monkeypatch):
    """The host ends every connection after the archive was sent."""
    server = far.place / "server"
    text = server.read_text()
    asked = 'eval "$SSH_ORIGINAL_COMMAND"'
    cutting = f'case "$SSH_ORIGINAL_COMMAND" in *mkdir*) {asked};; *) kill -9 $PPID;; esac'
    server.write_text(text.replace(asked, cutting))
    far.process.send_signal(1)
    time.sleep(0.5)
    try:
        assert main(["endian", "--machine", "ssh://far", "-c", "xdr", "-s", "integers"]) == 2
    finally:
        server.write_text(text)
        far.process.send_signal(1)
        time.sleep(0.5)
    assert "serbench: ssh://far does not start a worker: ended with exit code 255" in capsys.readouterr().err


def test_nothing_of_the_server_is_left(far):
    assert far.process.poll() is None
