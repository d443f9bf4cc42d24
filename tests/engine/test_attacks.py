"""Hostile submissions through the real command line: each costs its author points, and nobody else anything.

The attacks are the files in attacks/; their first line says what they do and what must hold. `SHAPES` are
attacks by what is handed in rather than by what it does. Nearly all take one grading of a few rows, half a
second, by a grader that has done its imports; `test_the_next_process_is_as_if_nothing_had_been` and what
comes after it start processes of their own.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from autograder.sandbox import sweep
from tests.engine.attacked import (
    IS_ROOT,
    ROOT,
    WITHOUT_KERNEL_LAYERS,
    WITHOUT_LANDLOCK,
    Attack,
    Grading,
    Range,
    all_attacks,
    assert_valid,
    seen_by_student,
    survivors,
)
from tests.engine.conftest import MODULES

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no sandbox to attack")
ATTACKS = all_attacks()
HANGS = {
    *("hang_in_c", "hang_on_read", "hang_at_import", "patch_time", "patch_signals"),
    *("forge_wire_slow", "forge_wire_surrogate", "borrow_for_ever", "stop_self", "survive_holding_output"),
    *("flood_output", "lie_exception"),
}
"""These are run with shorter limits; `hang` is run with the usual ones."""
LASTING = {"exiting", "starving", "surviving", "poisoning", "keeping state", "forging"}
"""What these do may last: the reference is graded after each. After the others it is once, at the end."""
IN_MODE_B = [
    *("forge_now", "forge_daemon", "forge_thread", "forge_read_only", "forge_by_folder", "forge_by_link"),
    *("read_hidden_tests", "read_reference", "read_salt", "read_results", "read_environment_of_grader"),
    *("read_memory_of_grader", "read_memory_by_call", "read_descriptors_of_grader", "read_bytecode"),
    *("read_by_import", "read_other_boxes", "read_by_link", "read_by_command", "read_by_fork"),
    *("kill_parent", "limit_parent", "exit_segfault", "take_processes", "take_disk", "poison_shared_folders"),
    *("poison_packages", "state_on_disk", "survive_double_fork", "survive_hopping", "survive_silent"),
    *("survive_command", "survive_holding_output"),
]
"""Those that forking, commands or open files could help; the rest does not reach the layers left out.

`pytest tests/engine/test_attacks.py --every-mode` runs all the others in modes B and C as well, and grades
the reference after each.
"""
IN_MODE_C = [
    *("control_honest", "control_threads", "forge_now", "forge_daemon", "forge_read_only", "forge_by_link"),
    *(
        "read_memory_of_grader",
        "read_salt",
        "kill_parent",
        "kill_group",
        "limit_parent",
        "exit_os",
        "exit_segfault",
    ),
    *("take_processes", "take_memory", "survive_double_fork", "survive_hopping", "survive_silent"),
    *("survive_command", "poison_shared_folders", "poison_packages", "net_tcp", "net_udp"),
]
NEED_THE_FILTER = {"kill_all", "namespace", "survive_in_shared_memory"}
"""Beside those on the network: without Landlock and without the filter nothing holds them (SECURITY.md)."""
NOT_IN_MODE_C = {"poison_permissions"}
"""The box belongs to the worker's user there, and Landlock does not rule over permissions (SECURITY.md)."""
MISTAKEN_ATTACK = re.compile(
    r"\w+\.py cannot be imported.*|\w+ raised (?:Name|Attribute|Import|ModuleNotFound|Syntax|Type)Error.*"
)
"""What a row says of an attack with a mistake of its own: nothing was attacked, so nothing was held."""
by_name = {attack.name: attack for attack in ATTACKS}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for argument, usual in {"name_in_b": IN_MODE_B, "name_in_c": IN_MODE_C}.items():
        if argument in metafunc.fixturenames:
            names = list(by_name) if metafunc.config.getoption("every_mode") else usual
            names = [name for name in names if argument == "name_in_b" or name not in NOT_IN_MODE_C]
            metafunc.parametrize(argument, names)


@pytest.fixture(scope="session")
def firing_range():
    before = packages()
    made = Range()
    yield made
    made.assert_unharmed()
    made.close()
    assert packages() == before


def refuse_if_dangerous(attack: Attack) -> None:
    if attack.is_dangerous and not IS_ROOT:
        pytest.skip("dangerous: runs only where its worker has a user of its own, so only as root")


def limits_for(attack: Attack) -> str:
    return "short" if attack.name in HANGS else "usual"


def assert_held(attack: Attack, graded: Grading) -> None:
    """Assert what the attack's first line says must hold, and that the attack took place."""
    assert not MISTAKEN_ATTACK.findall(" ".join(row["output"] for row in graded.rows.values()))
    holds, points = attack.holds.partition(";")[0], graded.points(attack.prefix)
    possible = sum(row["max_score"] for row in graded.rows.values())
    if holds == "earns everything":
        assert points == possible
    elif holds == "earns nothing":
        assert points == 0
    elif holds in ("earns some", "earns less than everything"):
        assert points < possible
    elif holds == "costs its function only":
        assert {number.rpartition(".")[0] for number in graded.lost} == {"3.1"}
        assert graded.points("3.1") == 0
        assert len(graded.rows) == 1 or points > 0
    elif holds == "costs its module only":
        assert not graded.lost
    else:
        raise AssertionError(f"{attack.file} says that {holds!r} must hold, which nothing checks")


def waiting(attack: Attack) -> tuple[pytest.MarkDecorator, ...]:
    return (pytest.mark.waits,) if attack.name in (*HANGS, "hang") else ()


@pytest.mark.parametrize(
    "attack", [pytest.param(attack, id=attack.name, marks=waiting(attack)) for attack in ATTACKS]
)
def test_an_attack_is_survived(firing_range, attack, every_mode):
    refuse_if_dangerous(attack)
    results = firing_range.new_folder() / "results.json"
    submission = firing_range.submit(attack, results)
    graded = firing_range.grade_warm(submission, results, attack.prefix, limits=limits_for(attack))
    firing_range.assert_promises(graded)
    if IS_ROOT:
        assert graded.staff["worker"]["mode"] == "A"
    assert_held(attack, graded)
    if every_mode or attack.kind.split(" (")[0] in LASTING:
        firing_range.assert_unharmed()


@pytest.mark.skipif(not IS_ROOT, reason="mode B is root's")
def test_an_attack_is_survived_without_landlock_and_filter(
    firing_range, closed_source, name_in_b, every_mode
):
    attack = by_name[name_in_b]
    results = firing_range.new_folder() / "results.json"
    submission = firing_range.submit(attack, results)
    results.parent.chmod(0o700)
    needs_filter = attack.kind == "networking" or attack.name in NEED_THE_FILTER
    layers = WITHOUT_LANDLOCK if needs_filter else WITHOUT_KERNEL_LAYERS
    graded = firing_range.grade_warm(
        submission, results, attack.prefix, layers=layers, limits=limits_for(attack)
    )
    firing_range.assert_promises(graded)
    assert graded.staff["worker"]["mode"] == "B"
    assert_held(attack, graded)
    if every_mode or attack.kind.split(" (")[0] in ("poisoning", "surviving", "keeping state"):
        firing_range.assert_unharmed()


@pytest.fixture
def every_mode(request):
    return request.config.getoption("every_mode")


@pytest.fixture
def closed_source(firing_range):
    """What `Platform.closed_to_others` does on the platform, where alone mode B is meant for hostile code."""
    firing_range.source.chmod(0o700)
    yield
    firing_range.source.chmod(0o755)


@pytest.mark.skipif(not IS_ROOT, reason="needs a user that nobody else has, which root alone can hand out")
def test_an_attack_is_survived_by_a_grader_that_is_not_root(firing_range, name_in_c, every_mode):
    lease = sweep.UidLease()
    if subprocess.run([sys.executable, "-c", ""], user=lease.uid, cwd="/", check=False).returncode != 0:
        pytest.skip("this Python is closed to other users")
    attack = by_name[name_in_c]
    results = firing_range.new_folder() / "results.json"
    submission = firing_range.submit(attack, results)
    os.chown(results.parent, lease.uid, lease.uid)
    try:
        graded = firing_range.grade_warm(
            submission, results, attack.prefix, limits=limits_for(attack), uid=lease.uid
        )
        assert not survivors(lease.uid)
        assert graded.staff["worker"]["mode"] == "C"
        firing_range.assert_promises(graded)
        assert_held(attack, graded)
    finally:
        sweep.end_all_of(lease.uid)
        sweep.remove_files_of(lease.uid)
        lease.release()
    if every_mode:
        firing_range.assert_unharmed()


def test_there_are_enough_attacks_of_every_class():
    kinds = {attack.kind.split(" (")[0] for attack in ATTACKS}
    assert kinds == {
        *("control", "forging", "reading", "patching", "lying", "exiting", "starving", "surviving"),
        *("poisoning", "keeping state", "networking"),
    }
    assert len(ATTACKS) + len(SHAPES) >= 60


def test_every_test_that_the_security_document_names_is_there():
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    cases = set(re.findall(r"\[(\w+)\]", text)) - {make.__name__ for make, _ in SHAPES}
    assert cases <= set(by_name)
    assert len(cases) > 30
    files = {"A": "test_attacks", "C": "test_confinement", "S": "test_sweep", "W": "test_wire"}
    named = re.findall(r"`([ACSW])::(?:\w+::)?(\w+)", text)
    assert len(named) > 15
    for letter, name in named:
        source = (ROOT / "tests" / "engine" / f"{files[letter]}.py").read_text(encoding="utf-8")
        assert f"def {name}(" in source or f"class {name}:" in source, name


class TestControls:
    """A clean result can be false: these show that what the attacks would do would be seen."""

    @pytest.mark.parametrize(
        "text",
        [
            "import sokets",
            "def fisher_estimate(scores, mask):\n    return channell.send(b'')",
            "def fisher_estimate(scores, mask):\n    return scores.steal()",
        ],
    )
    def test_an_attack_that_does_not_attack_is_no_proof(self, firing_range, text):
        attack = by_name["forge_echo"]
        results = firing_range.new_folder() / "results.json"
        graded = firing_range.grade_warm(firing_range.submit(text, results), results, attack.prefix)
        assert graded.points(attack.prefix) == 0
        with pytest.raises(AssertionError):
            assert_held(attack, graded)

    def grade(self, firing_range, name):
        results = firing_range.new_folder() / "results.json"
        return firing_range.grade(firing_range.submit(by_name[name], results), results, "3.1")

    def test_a_text_that_is_raised_arrives(self, firing_range):
        assert "ARRIVED: this channel works" in self.grade(firing_range, "control_leak").text

    def test_half_right_code_earns_its_half(self, firing_range):
        graded = self.grade(firing_range, "control_half_right")
        assert 0 < graded.points("3.1") < 9

    def test_what_right_code_prints_is_captured(self, firing_range):
        from autograder.sandbox.box import Box
        from autograder.sandbox.proxy import Submission

        source = by_name["control_chatty"].file.read_bytes()
        box = Box("hw4", ROOT / "student_template" / "hw4", ("npg",), {"npg": source})
        with box, Submission(box, {"npg": ["fisher_estimate"]}, {}) as submission:
            submission.npg.fisher_estimate([[[1.0]]], [[True]])
            submission.renew()
            printed = submission.take_printed()
            assert "CHATTY on stdout" in printed
            assert "CHATTY on stderr" in printed

    def test_a_survivor_would_be_seen(self):
        if not IS_ROOT:
            pytest.skip("only root can make one")
        lease = sweep.UidLease()
        with subprocess.Popen(["sleep", "30"], user=lease.uid, group=lease.uid, extra_groups=[]) as process:
            lease.release()
            try:
                assert process.pid in {found.pid for found in survivors()}
            finally:
                process.kill()


# Attacks by the shape of what is handed in. Each is given the folder of a submission of the reference, may
# change it or return another, and says in its docstring what must hold.


def link_to_the_reference(folder: Path) -> None:
    """A link to the reference is not followed."""
    (folder / "hw4" / "npg.py").unlink()
    (folder / "hw4" / "npg.py").symlink_to(ROOT / "solutions" / "hw4" / "npg.py")


def linked_package(folder: Path) -> None:
    """A package that is a link to the reference is not entered."""
    shutil.rmtree(folder / "hw4")
    (folder / "hw4").symlink_to(ROOT / "solutions" / "hw4")


def pipe_for_a_module(folder: Path) -> None:
    """A FIFO in the place of a module is not waited for."""
    (folder / "hw4" / "npg.py").unlink()
    os.mkfifo(folder / "hw4" / "npg.py")


def socket_for_a_module(folder: Path) -> None:
    """A socket in the place of a module is not opened."""
    (folder / "hw4" / "npg.py").unlink()
    here = os.getcwd()
    os.chdir(folder / "hw4")  # a socket's path must be short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("npg.py")
    finally:
        os.chdir(here)


def folder_for_a_module(folder: Path) -> None:
    """A folder in the place of a module is no module."""
    (folder / "hw4" / "npg.py").unlink()
    (folder / "hw4" / "npg.py").mkdir()


def latin_1(folder: Path) -> None:
    """A source in an encoding it does not name is a syntax error, not the grader's."""
    (folder / "hw4" / "npg.py").write_bytes("# für\nname = 'é'\n".encode("latin-1"))


def utf_16(folder: Path) -> None:
    """A source in UTF-16 is a syntax error."""
    (folder / "hw4" / "npg.py").write_bytes("import numpy\n".encode("utf-16"))


def null_bytes(folder: Path) -> None:
    """A source with null bytes is a syntax error."""
    (folder / "hw4" / "npg.py").write_bytes(b"import numpy\0\n" * 10)


def unknown_encoding(folder: Path) -> None:
    """A source that names an encoding of its own is a syntax error."""
    (folder / "hw4" / "npg.py").write_bytes(b"# -*- coding: hostile\x1b[31m -*-\nimport numpy\n")


def byte_order_mark(folder: Path) -> None:
    """A byte order mark, as some editors write it, costs nothing."""
    file = folder / "hw4" / "npg.py"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())


def windows_lines(folder: Path) -> None:
    """Line ends of Windows cost nothing."""
    file = folder / "hw4" / "npg.py"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))


def long_sum(folder: Path) -> None:
    """A source of one sum with 400,000 terms, which the compiler does not get through, costs its module."""
    (folder / "hw4" / "npg.py").write_text("x = " + "+".join("1" * 400_000))


def nested_lists(folder: Path) -> None:
    """A source nested deeper than the compiler goes costs its module."""
    (folder / "hw4" / "npg.py").write_text("x = " + "[" * 50_000 + "]" * 50_000)


def shadows_beside_the_package(folder: Path) -> None:
    """Modules with the names of the grader's own, beside the package and in it, are never imported."""
    for name in (
        "numpy",
        "json",
        "pytest",
        "hypothesis",
        "socket",
        "wire",
        "confinement",
        "autograder",
        "sitecustomize",
    ):
        for place in (folder, folder / "hw4"):
            (place / f"{name}.py").write_text("raise SystemExit('LEAK shadowed')")


def configuration_of_pytest(folder: Path) -> None:
    """Configuration of pytest and other tools is not read."""
    for place in (folder, folder / "hw4", folder / "tests"):
        place.mkdir(exist_ok=True)
        (place / "conftest.py").write_text("raise SystemExit('LEAK conftest')")
        (place / "pytest.ini").write_text("[pytest]\naddopts = --collect-only\n")
        (place / "tox.ini").write_text("[pytest]\naddopts = --collect-only\n")
        (place / "test_npg.py").write_text("def test_passes():\n    pass\n")
        (place / "settings.toml").write_text('salt = "mine"\n')
        (place / "hostile.pth").write_text("import os; os._exit(0)\n")


def given_modules(folder: Path) -> None:
    """The given modules come from the grader, whatever was handed in under their names."""
    given = (
        "trajectories.py",
        "tabular.py",
        "__init__.py",
        "__main__.py",
        "lab/compare.py",
        "lab/__init__.py",
    )
    for name in given:
        (folder / "hw4" / name).parent.mkdir(exist_ok=True)
        (folder / "hw4" / name).write_text("raise SystemExit('LEAK given module replaced')")


def poisoned_byte_code(folder: Path) -> None:
    """Byte code that was handed in is not run."""
    cache = folder / "hw4" / "__pycache__"
    cache.mkdir()
    for module in MODULES:
        (cache / f"{module}.cpython-3{sys.version_info[1]}.pyc").write_bytes(b"\0" * 100)
    (folder / "hw4" / "npg.pyc").write_bytes(b"\0" * 100)


def hostile_names(folder: Path) -> None:
    """Names with control characters and bytes that are no text are passed over, and shown escaped."""
    for name in (b"a\x1b[2Jb", b"\xff\xfe", b"new\nline", "\u202etxt.exe".encode(), b"x" * 250):
        os.makedirs(os.path.join(os.fsencode(folder), name, b"hw4"))
        with open(os.path.join(os.fsencode(folder), name, b"hw4", b"npg.py"), "wb") as file:
            file.write(b"raise SystemExit('LEAK wrong folder')")


def deep_folders(folder: Path) -> None:
    """Folders nested 300 deep are not followed to the end."""
    place = folder
    for _ in range(300):
        place = place / "d"
    place.mkdir(parents=True)


def many_files(folder: Path) -> None:
    """A few thousand other files are passed over."""
    for number in range(3000):
        (folder / f"note-{number}.txt").touch()


def zip_bomb(folder: Path) -> Path:
    """A member that inflates to 200 MB is not unpacked."""
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for module in MODULES:
            if module != "npg":
                archive.write(folder / "hw4" / f"{module}.py", f"hw4/{module}.py")
        with archive.open("hw4/npg.py", "w", force_zip64=True) as member:
            for _ in range(200):
                member.write(b"#" * 1_000_000)
    return folder / "bomb.zip"


def zip_that_climbs(folder: Path) -> Path:
    """Members that climb out of the zip are never written anywhere."""
    with zipfile.ZipFile(folder / "climb.zip", "w") as archive:
        for module in MODULES:
            archive.write(folder / "hw4" / f"{module}.py", f"hw4/{module}.py")
        for name in ("../../../tmp/hw4_climbed.py", "/tmp/hw4_climbed.py", "hw4/../../climbed.py"):
            archive.writestr(name, "LEAK")
        link = zipfile.ZipInfo("hw4/link.py")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return folder / "climb.zip"


BACKSTOP = 300.0
"""Seconds until a test gives up, however slow the machine is."""
NPG = {"3.1"}
"""The function that stands for its module here."""
SHAPES = [
    *[(make, NPG) for make in (link_to_the_reference, pipe_for_a_module, socket_for_a_module, zip_bomb)],
    *[(make, NPG) for make in (folder_for_a_module, latin_1, utf_16, null_bytes, unknown_encoding)],
    *[(make, NPG) for make in (long_sum, nested_lists, linked_package)],
    *[(make, set()) for make in (byte_order_mark, windows_lines, shadows_beside_the_package)],
    *[(make, set()) for make in (configuration_of_pytest, given_modules, poisoned_byte_code)],
    *[(make, set()) for make in (hostile_names, deep_folders, many_files, zip_that_climbs)],
]


@pytest.mark.parametrize(("shape", "lost"), SHAPES, ids=[make.__name__ for make, _ in SHAPES])
def test_a_hostile_shape_is_survived(firing_range, shape, lost):
    results = firing_range.new_folder() / "results.json"
    submission = firing_range.submit(b"", results)
    submission = shape(submission) or submission
    graded = firing_range.grade_warm(submission, results, "3.1")
    firing_range.assert_promises(graded)
    assert {number.rpartition(".")[0] for number in graded.lost} == lost
    assert not Path("/tmp/hw4_climbed.py").exists()
    firing_range.assert_unharmed()


def test_many_copies_of_a_module_do_not_fill_the_graders_memory(firing_range):
    results = firing_range.new_folder() / "results.json"
    with zipfile.ZipFile(results.parent / "copies.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(100):
            archive.writestr(f"copy-{number}/hw4/npg.py", b"#" * 1_000_000)
    command = [sys.executable, "-m", "autograder", "grade", "copies.zip", "--results", str(results)]
    done = subprocess.run(
        command,
        cwd=results.parent,
        env={**os.environ, "PYTHONPATH": str(firing_range.source)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "MiB of modules: hand in the package alone" in done.stderr


def packages() -> str:
    """What the environment's packages are: names, sizes and times of everything in them."""
    place = Path(os.path.dirname(os.path.dirname(pytest.__file__)))
    digest = hashlib.sha256()
    for file in sorted(place.rglob("*")):
        if file.suffix != ".pyc" and file.name != "__pycache__" and "hypothesis" not in str(file):
            digest.update(f"{file} {file.lstat().st_size} {file.lstat().st_mtime_ns}\n".encode())
    return digest.hexdigest()


@pytest.mark.parametrize("name", ["poison_shared_folders", "survive_hopping", "patch_imports", "take_disk"])
def test_the_next_process_is_as_if_nothing_had_been(firing_range, name):
    """Imports and all: `Range.assert_unharmed` asks a grader that has its modules already."""
    refuse_if_dangerous(by_name[name])
    for attack in (by_name[name], by_name["control_honest"]):
        results = firing_range.new_folder() / "results.json"
        prefix = "2.3" if attack.holds == "earns everything" else attack.prefix
        graded = firing_range.grade(firing_range.submit(attack, results), results, prefix)
        firing_range.assert_promises(graded)
    assert not graded.lost
    assert graded.points("2.3") == 2.5


def hanging_everywhere() -> dict[str, str]:
    import ast

    sources = {}
    for module in MODULES:
        tree = ast.parse((ROOT / "solutions" / "hw4" / f"{module}.py").read_text(encoding="utf-8"))
        names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
        sources[module] = "".join(
            f"def {name}(*a, **k):\n    __import__('time').sleep(600)\n\n" for name in names
        )
    return sources


@pytest.mark.waits
def test_a_submission_that_hangs_in_every_function_is_graded_to_its_end(firing_range):
    """How long that may take: `test_stopwatch::test_hangs_everywhere_cost_less_than_a_minute`."""
    results = firing_range.new_folder() / "results.json"
    submission = firing_range.submit(b"", results)
    for module, source in hanging_everywhere().items():
        (submission / "hw4" / f"{module}.py").write_text(source)
    graded = firing_range.grade_warm(submission, results, "", limits="short")
    firing_range.assert_promises(graded)
    assert {row["extra_data"]["outcome"] for row in graded.rows.values()} == {"failed"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=lambda n: n.name)
def test_a_grading_that_is_stopped_leaves_valid_results_and_nothing_alive(firing_range, number):
    results = firing_range.new_folder() / "results.json"
    submission = firing_range.submit(by_name["hang"], results)
    command = [sys.executable, "-B", "-m", "autograder", "grade", str(submission), "--results", str(results)]
    temporary = firing_range.new_folder()
    with subprocess.Popen(
        command,
        cwd=firing_range.source,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as grader:
        wait_until(lambda: results.exists() and '"passed"' in results.read_text(encoding="utf-8"))
        grader.send_signal(number)
        printed, _ = grader.communicate(timeout=BACKSTOP)
    assert grader.returncode == (-9 if number == signal.SIGKILL else 1), printed
    wait_until(lambda: not survivors())
    document = __import__("json").loads(results.read_text(encoding="utf-8"))
    assert_valid(document)
    assert 0 < document["score"] < 100
    if number != signal.SIGKILL:
        assert "stopped from outside" in document["output"]
        assert "Traceback" not in printed
        assert any("did not finish" in said for said in seen_by_student(document))


def wait_until(condition) -> None:
    end = time.monotonic() + BACKSTOP
    while not condition():
        assert time.monotonic() < end, "it did not come to pass in time"
        time.sleep(0.05)
