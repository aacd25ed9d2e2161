"""What the header says of the machine: present, plain, and silent where nothing is known."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import fake_codecs
import pytest
from serbench import confinement, environment
from serbench.results import Ended

INFOS = {info.implementation: info for info in fake_codecs.CODECS}


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A function that writes files, by their paths, to a tree that stands for a machine's, and gives its root."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1}, raising=False)

    def write(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


def test_machine_is_plain_json_and_has_what_reports_show():
    found = environment.machine()
    assert json.loads(json.dumps(found)) == found
    assert found["byte_order"] == sys.byteorder
    assert found["python"] == sys.version.split()[0]
    assert found["memory_bytes"] > 1 << 20
    assert found["cores"] >= found["usable_cores"] >= 1
    assert 0 < found["loop_overhead_ns"] < 10_000
    assert None not in found.values()
    assert "" not in found.values()


def test_what_the_system_tells_is_in_the_machine(root):
    found = environment.machine(
        root(
            {
                "proc/cpuinfo": "model name\t: Z80\ncpu MHz\t\t: 2596.122\nflags\t: fpu hypervisor lahf_lm\n",
                "proc/loadavg": "3.10 1.00 0.50 2/99 6460\n",
                "proc/meminfo": "MemTotal: 9 kB\nSwapTotal:       2048 kB\nSwapFree:        1024 kB\n",
                "proc/self/cgroup": "0::/box\n",
                "sys/fs/cgroup/box/cpu.max": "150000 100000\n",
                "sys/fs/cgroup/box/memory.max": "1073741824\n",
                "sys/devices/system/cpu/cpu1/cpufreq/scaling_governor": "powersave\n",
                "sys/devices/system/cpu/intel_pstate/no_turbo": "0\n",
                "sys/devices/system/cpu/smt/active": "1\n",
                ".dockerenv": "",
            }
        )
    )
    expected = {
        "cpu": "Z80",
        "mhz": 2596,
        "virtual": "docker, virtual machine",
        "load_1min": 3.1,
        "swap_used_bytes": 1 << 20,
        "cpu_quota": 1.5,
        "memory_limit_bytes": 1 << 30,
        "governor": "powersave",
        "no_turbo": "0",
        "smt": "1",
        "pinned_cpu": 1,
        "usable_cores": 2,
    }
    assert {name: found[name] for name in expected} == expected


def test_what_cannot_be_read_is_left_out(root, monkeypatch):
    monkeypatch.setattr(environment, "commit", lambda: "")
    silent = {"governor", "mhz", "no_turbo", "boost", "smt", "on_battery", "cpu_quota", "memory_limit_bytes", "commit"}
    assert not (silent | {"swap_used_bytes", "virtual"}) & set(environment.machine(root({})))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("processor\t: 0\nmodel name\t: AMD EPYC\n", "AMD EPYC"),
        ("processor\t: 0\nBogoMIPS\t: 48.00\nModel\t\t: Raspberry Pi 5\n", "Raspberry Pi 5"),
    ],
)
def test_cpu(root, text, name):
    assert environment.cpu(root({"proc/cpuinfo": text})) == name


GROUPS = {
    "version 2": (
        {
            "proc/self/cgroup": "0::/a/b\n",
            "sys/fs/cgroup/a/b/cpu.max": "max 100000\n",
            "sys/fs/cgroup/a/cpu.max": "200000 100000\n",
            "sys/fs/cgroup/a/b/memory.max": "max\n",
            "sys/fs/cgroup/a/memory.max": "4096\n",
            "sys/fs/cgroup/a/b/cpu.stat": "usage_usec 5\nnr_periods 9\nnr_throttled 3\nthrottled_usec 7\n",
            "sys/fs/cgroup/a/cpu.stat": "usage_usec 5\nnr_throttled 4\n",
            "sys/fs/cgroup/cpu.stat": "usage_usec 5\n",
        },
        (2.0, 4096, 7),
    ),
    "version 2 seen from inside": (
        {"proc/self/cgroup": "0::/../..\n", "sys/fs/cgroup/cpu.max": "50000 100000\n"},
        (0.5, None, None),
    ),
    "version 1": (
        {
            "proc/self/cgroup": "4:memory:/box\n1:cpu,cpuacct:/box\n0::/\n",
            "sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_quota_us": "300000\n",
            "sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/cpu,cpuacct/box/cpu.stat": "nr_periods 1\nnr_throttled 5\nthrottled_time 1\n",
            "sys/fs/cgroup/memory/box/memory.limit_in_bytes": "8192\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        },
        (3.0, 8192, 5),
    ),
    "version 1 seen from inside": (
        {
            "proc/self/cgroup": "2:memory:/docker/1234\n1:cpu:/docker/1234\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "25000\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "123\n",
        },
        (0.25, 123, None),
    ),
    "none": ({}, (None, None, None)),
}


@pytest.mark.parametrize(("files", "limits"), GROUPS.values(), ids=GROUPS)
def test_limits_of_containers(root, files, limits):
    place = root(files)
    found = environment.cpu_quota(place), environment.memory_limit(place), environment.counters(place).get("throttled")
    assert found == limits


@pytest.mark.parametrize(
    ("supplies", "on_battery"),
    [
        ({"AC": ("Mains", "", ""), "BAT0": ("Battery", "Discharging", "System")}, True),
        ({"BAT0": ("Battery", "Charging", ""), "mouse": ("Battery", "Discharging", "Device")}, False),
        ({"AC": ("Mains", "", "")}, None),
    ],
)
def test_batteries(root, supplies, on_battery):
    names = ("type", "status", "scope")
    place = root(
        {
            f"sys/class/power_supply/{supply}/{name}": text + "\n"
            for supply, texts in supplies.items()
            for name, text in zip(names, texts)
        }
    )
    assert environment.on_battery(place) is on_battery


def test_frequency_of_the_moment(root):
    place = root({"sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq": "2419200\n", "proc/cpuinfo": "cpu MHz: 1\n"})
    assert environment.machine(place)["mhz"] == 2419


def test_what_changed_meanwhile(root):
    before = root(
        {
            "proc/stat": "cpu  100 10 50 1000 40 0 10 20 7 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n",
            "proc/vmstat": "nr_free_pages 5\npswpin 10\npswpout 20\n",
            "proc/self/cgroup": "0::/\n",
            "sys/fs/cgroup/cpu.stat": "nr_throttled 3\n",
            "sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count": "5\n",
            "sys/devices/system/cpu/cpu1/thermal_throttle/package_throttle_count": "7\n",
        }
    )
    first = environment.counters(before)
    after = root(
        {
            "proc/stat": "cpu  400 10 100 1500 40 0 10 120 7 0\n",
            "proc/vmstat": "pswpin 11\npswpout 22\n",
            "sys/fs/cgroup/cpu.stat": "nr_throttled 4\n",
            "sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count": "6\n",
            "sys/devices/system/cpu/cpu1/thermal_throttle/package_throttle_count": "9\n",
        }
    )
    second = environment.counters(after)
    # of 950 ticks 350 were busy, 100 of them (a second) with this run, and 100 were stolen
    ours = {"wall_s": 2.0, "own_s": 1.0, "switches": 4}
    found = environment.meanwhile(first | dict.fromkeys(ours, 0), second | ours)
    ticks = os.sysconf("SC_CLK_TCK")
    assert found == {
        "wall_s": 2.0,
        "others_percent": round(100 * (350 - ticks) / 950, 2),
        "steal_percent": round(100 * 100 / 950, 2),
        "throttled": 1,
        "overheated": 3,
        "switches": 4,
        "swapped_bytes": 3 * os.sysconf("SC_PAGE_SIZE"),
    }
    Ended(interrupted=False, **found)


def test_where_nothing_is_counted_only_time_has_passed(root):
    first, second = environment.counters(root({})), environment.counters(root({}))
    assert set(environment.meanwhile(first, second)) <= {"wall_s", "switches"}


def test_the_priority_of_workers_is_tried_and_undone():
    before = os.getpriority(os.PRIO_PROCESS, 0)
    assert environment.nice() in (confinement.NICE, before)
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


def test_priority_that_is_not_permitted(monkeypatch):
    def refuse(*arguments):
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", refuse)
    assert environment.nice() == os.getpriority(os.PRIO_PROCESS, 0)


def test_what_slows_python_down_is_named(monkeypatch):
    for name in environment._SLOWING:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "gettrace", lambda: None)
    monkeypatch.setattr(sys, "monitoring", None, raising=False)
    assert environment.hooks() == ""
    monkeypatch.setenv("LD_PRELOAD", "/home/me/libfast.so")
    monkeypatch.setattr(sys, "getprofile", lambda: print)
    monkeypatch.setattr(sys, "monitoring", SimpleNamespace(get_tool=["coverage", *5 * [None]].__getitem__))
    assert environment.hooks() == "LD_PRELOAD, a profiler, coverage"


@pytest.mark.parametrize(
    ("arguments", "build"),
    [
        ("'--prefix=/home/me' '--enable-optimizations' '--with-lto'", "PGO, LTO"),
        ("'--with-pydebug' '--with-assertions'", "debug, assertions"),
        ("'--prefix=/home/me'", "plain"),
        (None, ""),
    ],
)
def test_build_tells_no_paths(monkeypatch, arguments, build):
    monkeypatch.setattr("sysconfig.get_config_var", lambda name: arguments)
    assert environment.build() == build


def test_commit(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert environment.commit() == ""
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    (tmp_path / "file").write_text("1")
    for command in (["init", "-q"], ["add", "file"], [*identity, "commit", "-q", "-m", "One"]):
        subprocess.run(["git", *command], check=True)
    clean = environment.commit()
    assert len(clean) >= 7
    (tmp_path / "file").write_text("2")
    assert environment.commit() == f"{clean}-dirty"
    monkeypatch.setenv("PATH", "")
    assert environment.commit() == ""


def test_versions_and_codecs():
    found = environment.versions([INFOS["good"], INFOS["unavailable"]])
    assert found["python"] == sys.version.split()[0]
    assert set(found) == {"serbench", "zstandard", "lz4", "brotli", "python"}
    assert environment.described(INFOS["unavailable"])["version"] == ""
    described = environment.described(INFOS["good"])
    assert (described["format"], described["implementation"], described["licence"]) == ("fake", "good", "MIT")
    assert json.loads(json.dumps(described)) == described
