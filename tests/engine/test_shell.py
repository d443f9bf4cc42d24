"""setup.sh and run_autograder, offline: the interpreters only pretend to make and fill environments."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.engine.conftest import terminal

REPOSITORY = Path(__file__).parents[2]
PROGRAMS = Path("autograder/setup")
SCRIPTS = ("setup.sh", "run_autograder", ".ci/run")
IS_ROOT = os.name == "posix" and os.getuid() == 0

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the shell is for Linux and macOS")
as_root = pytest.mark.skipif(not IS_ROOT, reason="only root hands student code to another user")

# Says it is a Python, makes an environment by copying itself, and notes every call.
PRETENDER = """#!/bin/sh
echo "$(basename "$(dirname "$(dirname "$0")")") $*" | head -n 1 >>'{log}'
case "$*" in
  */examine.py*) echo "{version}|$0|{can_make}" ;;
  *'-m venv'*) for folder; do :; done; mkdir -p "$folder/bin"; cp "$0" "$folder/bin/python" ;;
  *'-m pip'*)
    while [ -e '{log}.wait' ]; do sleep 0.05; done
    [ ! -e '{log}.no-network' ] || {{ echo 'no route to host'; exit 1; }} ;;
  */grade_reference.py*)
    [ ! -e '{log}.wrong' ] || {{ echo 'the reference lost 3.1.1'; exit 1; }}
    echo 'Graded the reference: full marks.' ;;
  *'-m compileall'* | *'-c import '*) ;;
  *) exec '{real}' "$@" ;;
esac
"""


class Checkout:
    """A copy of the scripts in a folder of its own, with pretended interpreters on the PATH."""

    def __init__(self, root):
        self.root = root
        self.folder = root / "checkout"
        self.bin = root / "tools" / "bin"
        self.log = root / "log"
        self.environments = root / "environments"
        self.tree = root / "autograder"
        (self.folder / "requirements").mkdir(parents=True)
        self.bin.mkdir(parents=True)
        self.log.touch(0o666)
        self.log.chmod(0o666)
        for name in ("setup.sh", "run_autograder", "requirements/grading.lock"):
            shutil.copy(REPOSITORY / name, self.folder / name)
        shutil.copytree(REPOSITORY / PROGRAMS, self.folder / PROGRAMS)

    def add_python(self, name="python3", version="3.11.2", can_make=1):
        text = PRETENDER.format(log=self.log, version=version, can_make=can_make, real=sys.executable)
        path = self.bin / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def start(self, *command, cwd=None, stderr=subprocess.PIPE, **environment):
        """Run one of the scripts with nothing of this process's environment but what it needs."""
        environment = {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "HOME": str(self.root),
            "AUTOGRADER_ROOT": str(self.tree),
            "HW4_ENVIRONMENTS": str(self.environments),
            **{name: str(value) for name, value in environment.items()},
        }
        return subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd or self.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )

    def run(self, *command, **options):
        process = self.start(*command, **options)
        process.stdout_text, process.stderr_text = process.communicate(timeout=300)
        return process

    def setup(self, **options):
        return self.run(self.folder / "setup.sh", **options)

    def calls(self, words):
        return [line for line in self.log.read_text().splitlines() if words in line]


@pytest.fixture
def checkout():
    # Not tmp_path: pytest closes it to other users, and here that is a case of its own.
    root = Path(tempfile.mkdtemp(prefix="hw4-shell-")).resolve()
    root.chmod(0o755)
    yield Checkout(root)
    shutil.rmtree(root)


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_scripts_can_be_run_as_they_are_shipped(name):
    path = REPOSITORY / name
    content = path.read_bytes()
    assert content.startswith(b"#!/usr/bin/env bash\n")
    assert b"\r" not in content
    assert b"\nset -euo pipefail\n" in content
    assert path.stat().st_mode & 0o700 == 0o700
    assert subprocess.run(["bash", "-n", str(path)], check=False).returncode == 0


def test_set_up_installs_from_the_lock_and_says_so_in_three_lines(checkout):
    checkout.add_python()
    done = checkout.setup()
    assert done.returncode == 0, done.stderr_text
    assert [line.split()[0] for line in done.stdout_text.splitlines()] == ["Setting", "Graded", "Ready:"]
    (installation,) = checkout.calls("-m pip")
    assert "--require-hashes" in installation
    assert installation.endswith("requirements/grading.lock")
    assert (checkout.folder / ".venv/bin/python").exists()


def test_a_full_checkout_gets_the_development_lock(checkout):
    checkout.add_python()
    (checkout.folder / "tests/engine").mkdir(parents=True)
    shutil.copy(REPOSITORY / "requirements/development.lock", checkout.folder / "requirements")
    done = checkout.setup()
    assert done.returncode == 0
    # There, the tests of the engine grade the reference.
    assert "Graded" not in done.stdout_text
    assert checkout.calls("-m pip")[0].endswith("requirements/development.lock")


def test_a_second_set_up_does_nothing(checkout):
    checkout.add_python()
    checkout.setup()
    again = checkout.setup()
    assert again.stdout_text == "Ready: .venv fits requirements/grading.lock.\n"
    assert checkout.run(checkout.folder / "setup.sh", "--quiet").stdout_text == ""
    assert len(checkout.calls("-m pip")) == 1


def test_a_new_lock_and_a_half_built_environment_are_built_again(checkout):
    checkout.add_python()
    checkout.setup()
    with (checkout.folder / "requirements/grading.lock").open("a") as lock:
        lock.write("# changed\n")
    checkout.setup()
    assert len(checkout.calls("-m pip")) == 2
    (checkout.folder / ".venv/.hw4-ready").unlink()
    leftover = checkout.folder / ".venv/half"
    leftover.touch()
    checkout.setup()
    assert len(checkout.calls("-m pip")) == 3
    assert not leftover.exists()


def test_an_installation_that_fails_is_loud_and_can_be_repeated(checkout):
    checkout.add_python()
    no_network = Path(f"{checkout.log}.no-network")
    no_network.touch()
    failed = checkout.setup()
    assert failed.returncode == 1
    assert "no route to host" in failed.stderr_text
    assert "setup.sh: installing requirements/grading.lock failed" in failed.stderr_text
    assert not (checkout.folder / ".venv/.hw4-ready").exists()
    no_network.unlink()
    assert checkout.setup().returncode == 0


def test_an_image_whose_grader_grades_wrongly_is_no_image(checkout):
    """It would fail every student; so the build fails, and says which row is to blame."""
    checkout.add_python()
    wrong = Path(f"{checkout.log}.wrong")
    wrong.touch()
    failed = checkout.setup()
    assert failed.returncode == 1
    assert failed.stderr_text.splitlines()[0] == "the reference lost 3.1.1"
    assert "setup.sh: the reference, graded as a submission, did not get full marks" in failed.stderr_text
    assert not (checkout.folder / ".venv/.hw4-ready").exists()
    wrong.unlink()
    assert checkout.setup().returncode == 0


PASSED, FAILED = {"number": "1.1", "status": "passed"}, {"number": "1.2", "status": "failed"}


@pytest.mark.parametrize(
    ("rows", "ending", "status", "sentence"),
    [
        ([PASSED], "", 0, "Graded the reference: full marks in 3 s, isolation B."),
        ([PASSED, FAILED], "", 1, "the reference lost 1.2"),
        ([], "", 1, "the reference lost every row"),
        ([PASSED], "sys.exit(1)", 1, "grading it ended with status 1"),
    ],
)
def test_the_reference_is_graded_from_a_folder_of_its_own(tmp_path, rows, ending, status, sentence):
    program = tmp_path / PROGRAMS / "grade_reference.py"
    program.parent.mkdir(parents=True)
    shutil.copy(REPOSITORY / PROGRAMS / program.name, program)
    results = {"tests": rows, "execution_time": 3.1, "extra_data": {"worker": {"mode": "B"}}}
    (tmp_path / "autograder/__main__.py").write_text(
        "import os, sys\n"
        f"assert sys.argv[1:] == ['grade', {str(tmp_path / 'solutions')!r}, '--results', 'results.json']\n"
        f"open('results.json', 'w').write({json.dumps(results)!r})\nprint('a table', os.getcwd())\n{ending}\n"
    )
    done = subprocess.run([sys.executable, "-I", program], capture_output=True, text=True, check=False)
    assert done.returncode == status
    assert sentence in (done.stderr if status else done.stdout)
    assert ("a table" in done.stderr) is bool(status)
    assert not (tmp_path / "results.json").exists()


def test_two_set_ups_at_once_install_once(checkout):
    checkout.add_python()
    installing = Path(f"{checkout.log}.wait")
    installing.touch()
    first = checkout.start(checkout.folder / "setup.sh")
    while not checkout.calls("-m pip"):
        assert first.poll() is None
    second = checkout.start(checkout.folder / "setup.sh")
    assert "waiting for it" in second.stdout.readline()
    installing.unlink()
    for process in (first, second):
        process.communicate(timeout=300)
    assert [first.returncode, second.returncode] == [0, 0]
    assert len(checkout.calls("-m pip")) == 1


def test_a_terminal_shows_how_long_it_takes_until_the_step_ends(checkout):
    checkout.add_python()
    installing = Path(f"{checkout.log}.wait")
    installing.touch()
    with terminal() as (read, theirs):
        process = checkout.start(checkout.folder / "setup.sh", stderr=theirs)
        os.close(theirs)
        shown = next(piece for piece in read if b" s" in piece)
        installing.unlink()
        # The terminal's end: nobody is left to write to it.
        shown += b"".join(read)
        process.communicate(timeout=300)
    assert process.returncode == 0
    assert re.search(rb"\rSetting up: \d+ s", shown)
    assert shown.endswith(b"\r\x1b[K")


def test_somebody_elses_environment_is_left_alone(checkout):
    checkout.add_python()
    (checkout.folder / ".venv").mkdir()
    (checkout.folder / ".venv/pyvenv.cfg").touch()
    refused = checkout.setup()
    assert refused.returncode == 1
    assert "was not made by setup.sh: move it away" in refused.stderr_text
    assert (checkout.folder / ".venv/pyvenv.cfg").exists()


def test_a_folder_without_the_programs_of_the_set_up_is_refused(checkout):
    shutil.rmtree(checkout.folder / PROGRAMS)
    refused = checkout.setup()
    assert refused.returncode == 1
    assert refused.stderr_text.startswith(
        "setup.sh: autograder/setup is missing: this folder is not complete"
    )


def test_a_python_that_is_too_old_is_named(checkout):
    old = checkout.add_python("old", version="3.8.10")
    old.write_text(old.read_text().replace("|$0|1", "||0"))
    refused = checkout.setup(HW4_PYTHON=old)
    assert refused.returncode == 1
    assert refused.stderr_text.startswith("setup.sh: HW4_PYTHON=")
    assert "is 3.8.10" in refused.stderr_text
    assert "is no Python 3.10 or newer" in checkout.setup(HW4_PYTHON="/no/such/python").stderr_text


def test_the_first_python_that_will_do_is_taken(checkout):
    old = checkout.add_python("python3")
    old.write_text(old.read_text().replace("3.11.2|$0|1", "3.9.1||0"))
    checkout.add_python("python3.13", version="3.13.0")
    assert "Setting up: Python 3.13.0" in checkout.setup().stdout_text


def test_naming_another_python_builds_with_that_one(checkout):
    checkout.add_python()
    checkout.setup()
    other = checkout.add_python("other", version="3.12.1")
    assert "Setting up: Python 3.12.1" in checkout.setup(HW4_PYTHON=other).stdout_text


def test_a_python_that_cannot_make_environments_is_completed_or_explained(checkout):
    bare = checkout.add_python("python3", version="3.10.12", can_make=0)
    apt = checkout.bin / "apt-get"
    apt.write_text(f'#!/bin/sh\necho "apt-get $*" >>"{checkout.log}"\n')
    apt.chmod(0o755)
    done = checkout.setup(HW4_PYTHON=bare)
    if IS_ROOT:
        assert done.returncode == 0
        assert [line.split()[1] for line in checkout.calls("apt-get")] == ["update", "install"]
        assert checkout.calls("apt-get")[1].endswith(" python3.10-venv")
    else:
        assert done.returncode == 1
        assert "sudo apt install\npython3.10-venv" in done.stderr_text


def test_an_unknown_argument_is_refused(checkout):
    refused = checkout.run(checkout.folder / "setup.sh", "--fast")
    assert refused.returncode == 2
    assert "./setup.sh --quiet" in refused.stderr_text


@as_root
def test_root_refuses_a_python_that_others_cannot_execute(checkout):
    closed = checkout.add_python()
    checkout.bin.chmod(0o700)
    refused = checkout.setup(HW4_PYTHON=closed)
    assert refused.returncode == 1
    assert f"{closed} (Python 3.11.2) can be executed by root alone" in refused.stderr_text
    assert not (checkout.folder / ".venv").exists()
    assert checkout.setup(HW4_PYTHON=closed, HW4_ALLOW_SAME_USER=1).returncode == 0


@as_root
def test_root_passes_over_a_closed_python_for_an_open_one(checkout):
    checkout.add_python("python3.12", version="3.12.9")
    home = checkout.root / "closed"
    home.mkdir(0o700)
    shutil.copy(checkout.add_python("python3"), home)
    checkout.add_python("python3").write_text(f'#!/bin/sh\nexec "{home}/python3" "$@"\n')
    assert "Setting up: Python 3.12.9" in checkout.setup().stdout_text


@as_root
@pytest.mark.parametrize("why", ["closed folder", "platform"])
def test_root_puts_the_environment_where_others_can_reach_it(checkout, why):
    checkout.add_python()
    abandoned = checkout.environments / "gone-1"
    abandoned.mkdir(parents=True)
    (abandoned / ".hw4-source").write_text(f"{checkout.root}/no-such-folder\n")
    if why == "platform":
        checkout.tree.mkdir()
        checkout.folder = checkout.folder.rename(checkout.tree / "source")
    else:
        checkout.folder.chmod(0o700)
    done = checkout.setup()
    assert done.returncode == 0, done.stderr_text
    (environment,) = checkout.environments.iterdir()
    assert (checkout.folder / ".venv").readlink() == environment
    assert checkout.setup().stdout_text.startswith("Ready: .venv fits")


@as_root
def test_a_folder_that_gets_closed_gets_another_environment(checkout):
    checkout.add_python()
    checkout.setup()
    assert not (checkout.folder / ".venv").is_symlink()
    checkout.folder.chmod(0o700)
    checkout.setup()
    assert (checkout.folder / ".venv").is_symlink()


def test_without_a_submission_the_usage_is_one_sentence(checkout):
    done = checkout.run(checkout.folder / "run_autograder")
    assert done.returncode == 2
    assert done.stdout_text == ""
    assert done.stderr_text.startswith("Give a submission: ./run_autograder SUBMISSION")
    assert done.stderr_text.count("\n") == 1


def write_grader(folder):
    (folder / "autograder/__main__.py").write_text("import json, sys\nprint(json.dumps(sys.argv[1:]))\n")


def test_a_submission_is_graded_after_a_set_up_on_first_use(checkout):
    checkout.add_python()
    write_grader(checkout.folder)
    # Somewhere with files that would be imported in place of the real ones.
    submission = checkout.root / "submission"
    submission.mkdir()
    for name in ("json.py", "runpy.py", "autograder.py"):
        (submission / name).write_text("raise RuntimeError('imported from the current folder')\n")
    command = (checkout.folder / "run_autograder", "my work.zip", "--results", "r.json")
    first = checkout.run(*command, cwd=submission)
    assert first.returncode == 0, first.stderr_text
    assert json.loads(first.stdout_text.splitlines()[-1]) == ["grade", "my work.zip", "--results", "r.json"]
    again = checkout.run(*command, cwd=submission, PYTHONPATH=submission)
    assert again.stdout_text.splitlines() == first.stdout_text.splitlines()[-1:]
    assert len(checkout.calls("-m pip")) == 1


def put_on_platform(checkout):
    checkout.tree.mkdir()
    shutil.move(checkout.folder, checkout.tree / "source")
    shutil.copy(checkout.tree / "source/run_autograder", checkout.tree / "run_autograder")
    return checkout.tree / "source"


def read_results(checkout):
    return json.loads((checkout.tree / "results/results.json").read_text())


def test_on_the_platform_an_environment_that_is_missing_still_gives_results(checkout):
    put_on_platform(checkout)
    done = checkout.run("./run_autograder", cwd=checkout.tree)
    assert done.returncode == 1
    results = read_results(checkout)
    assert results["score"] == 0
    assert results["output"].startswith("The autograder's environment is not built")
    assert set(results) == {"score", "output", "output_format", "stdout_visibility", "tests"}


def test_on_the_platform_the_copy_of_the_script_starts_the_grader(checkout):
    source = put_on_platform(checkout)
    write_grader(source)
    checkout.add_python()
    assert checkout.run(source / "setup.sh").returncode == 0
    done = checkout.run("./run_autograder", cwd=checkout.tree)
    assert done.returncode == 0, done.stderr_text
    assert json.loads(done.stdout_text) == ["grade", "--platform"]
    by_hand = checkout.run("./run_autograder", "work.zip", cwd=checkout.tree)
    assert json.loads(by_hand.stdout_text) == ["grade", "work.zip"]
    # Valid results stood there before the grader began.
    assert read_results(checkout)["output"].startswith("The autograder did not start")
