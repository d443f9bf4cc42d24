"""The submission's proxy: calls, faults, restarts and lending, with real workers."""

from __future__ import annotations

import contextlib
import os

import numpy as np
import pytest

from autograder.grading.lender import Lender
from autograder.homework import ASSIGNMENT as HW4
from autograder.sandbox import failures
from autograder.sandbox.box import Box
from autograder.sandbox.limits import Limits
from autograder.sandbox.proxy import MAX_CALLS, Submission
from tests.engine.conftest import ROOT

FUNCTIONS = {"policy": ["score", "action_log_probabilities"], "npg": ["fisher_estimate", "npg_step_size"]}
ORDER = ["policy.action_log_probabilities", "policy.score", "npg.fisher_estimate", "npg.npg_step_size"]
SCORES, MASK = np.ones((2, 3, 2)), np.ones((2, 3), dtype=bool)
QUICK = Limits(import_seconds=1.5, call_seconds=0.5, patience_seconds=2.0, impatient_seconds=0.3)


@contextlib.contextmanager
def behind_the_wall(missing=(), limits=None, **sources):
    submitted = {module: source.encode() for module, source in sources.items()}
    box = Box("hw4", ROOT / "student_template" / "hw4", tuple(FUNCTIONS), submitted)
    absent = {module: f"{module}.py is missing" for module in missing}
    with box as opened, Submission(opened, FUNCTIONS, absent, limits, Lender(HW4), ORDER) as submission:
        yield submission


def test_a_call_returns_what_the_function_returned():
    with behind_the_wall(
        npg="def fisher_estimate(scores, mask): return scores.sum(axis=(0, 1))"
    ) as submission:
        assert submission.npg.fisher_estimate(SCORES, MASK).tolist() == [6.0, 6.0]


def test_keywords_go_across_too():
    with behind_the_wall(npg="def npg_step_size(gradient, fisher, delta): return delta") as submission:
        assert submission.npg.npg_step_size(SCORES[0, 0], fisher=np.eye(2), delta=0.25) == 0.25


def test_numbers_arrive_as_python_numbers():
    source = "def npg_step_size(gradient, fisher, delta): return type(delta) is float"
    with behind_the_wall(npg=source) as submission:
        assert submission.npg.npg_step_size(np.ones(1), np.eye(1), 0.25) == 1.0


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        ("[1, 2]", [1.0, 2.0]),
        ("(True, False)", [1.0, 0.0]),
        ("np.float32(0.5)", 0.5),
        ("np.array([1, 2], dtype=object)", [1.0, 2.0]),
        ("np.matrix([[1.0, 2.0]])", [[1.0, 2.0]]),
        ("np.array([1 + 0j])", [1.0]),
        ("np.asfortranarray(np.arange(6.0).reshape(2, 3))", [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    ],
)
def test_whatever_numpy_turns_into_floats_is_accepted(returned, expected):
    with behind_the_wall(
        npg=f"import numpy as np\ndef fisher_estimate(s, m): return {returned}"
    ) as submission:
        assert submission.npg.fisher_estimate(SCORES, MASK).tolist() == expected


@pytest.mark.parametrize(
    "returned", ["None", "'a'", "{}", "[[1], [1, 2]]", "np.array([1j])", "print", "object()"]
)
def test_what_is_no_array_of_real_numbers_is_unusable(returned):
    with (
        behind_the_wall(
            npg=f"import numpy as np\ndef fisher_estimate(s, m): return {returned}"
        ) as submission,
        pytest.raises(failures.UnusableReturn, match="returned"),
    ):
        submission.npg.fisher_estimate(SCORES, MASK)


def test_a_far_too_large_return_is_unusable_and_bounded():
    with (
        behind_the_wall(
            npg="import numpy as np\ndef fisher_estimate(s, m): return np.zeros(2**21)"
        ) as submission,
        pytest.raises(failures.UnusableReturn, match="far larger"),
    ):
        submission.npg.fisher_estimate(SCORES, MASK)


def test_arguments_come_back_as_the_call_left_them():
    with behind_the_wall(npg="def fisher_estimate(s, m):\n    s[0] = 9\n    return s") as submission:
        _, (scores, mask) = submission.npg.fisher_estimate.with_arguments(SCORES, MASK)
    assert (scores[0] == 9).all()
    assert mask.all()
    assert (SCORES == 1).all()


def test_many_calls_share_messages_and_each_has_arguments_of_its_own():
    source = "def fisher_estimate(s, m):\n    s += 1\n    return s[0, 0]"
    given = np.zeros((1, 1, 1))
    with behind_the_wall(npg=source) as submission:
        returned = submission.npg.fisher_estimate.each((given + k, MASK) for k in range(MAX_CALLS + 3))
        made = submission.calls.latest()
    assert [value.tolist() for value in returned] == [[k + 1.0] for k in range(MAX_CALLS + 3)]
    assert [call.returned.tolist() for call in made] == [[k + 1.0] for k in range(MAX_CALLS + 3)]
    assert [call.arguments[0].item() for call in made] == list(range(MAX_CALLS + 3))


@pytest.mark.parametrize(
    ("body", "fault", "returned"),
    [
        ("return [1.0, 2.0][int(s.item())]", failures.CallRaised, [1.0, 2.0, None]),
        ("return None if s.item() == 1 else s.item()", failures.UnusableReturn, [0.0, None]),
        ("return np.zeros(700_000)", failures.UnusableReturn, [0.0, None]),
        ("import os; os._exit(7)", failures.WorkerDied, []),
        ("while s.item() == 1: pass\n    return s", failures.CallTimedOut, []),
    ],
)
def test_of_many_calls_the_one_that_failed_is_the_last_that_is_kept(body, fault, returned):
    source = f"import numpy as np\ndef fisher_estimate(s, m):\n    {body}"
    calls = [(np.full((1, 1, 1), float(k)), MASK) for k in range(4)]
    with behind_the_wall(npg=source, limits=QUICK) as submission:
        with pytest.raises(fault):
            submission.npg.fisher_estimate.each(calls)
        made = submission.calls.latest()
    assert [None if call.returned is None else call.returned.flat[0] for call in made] == returned
    assert all(call.arguments is given for call, given in zip(made, calls, strict=False))


FAULTS = [
    ("return 1 / 0", failures.CallRaised, "ZeroDivisionError"),
    ("raise NotImplementedError('Part 3.1: fisher_estimate')", failures.NotAttempted, "not attempted yet"),
    ("import sys; sys.exit(0)", failures.CallExited, "a function must return"),
    ("raise KeyboardInterrupt", failures.CallExited, "KeyboardInterrupt"),
    ("import os; os._exit(7)", failures.WorkerDied, "exit status 7"),
    ("import os; os.kill(os.getpid(), 11)", failures.WorkerDied, "SIGSEGV"),
    ("while True: pass", failures.CallTimedOut, "loop that never ends"),
    ("import time; time.sleep(60)", failures.CallTimedOut, "waits for"),
    ("return fisher_estimate(s, m)", failures.CallRaised, "RecursionError"),
]


@pytest.mark.parametrize(("body", "fault", "sentence"), FAULTS, ids=[body for body, _, _ in FAULTS])
def test_each_fault_has_its_class_and_the_next_call_works(body, fault, sentence):
    source = f"def fisher_estimate(s, m):\n    {body}\ndef npg_step_size(g, f, d): return 1.0"
    with behind_the_wall(npg=source, limits=QUICK) as submission:
        with pytest.raises(fault, match=sentence):
            submission.npg.fisher_estimate(SCORES, MASK)
        assert submission.npg.npg_step_size(SCORES[0, 0], np.eye(2), 1.0) == 1.0


def test_a_hang_is_tried_once_more_and_then_remembered():
    source = (
        "import os, pathlib\n"
        "def fisher_estimate(s, m):\n"
        "    print('called', flush=True)\n"
        "    while True: pass\n"
    )
    with behind_the_wall(npg=source, limits=QUICK) as submission:
        for _ in range(3):
            with pytest.raises(failures.CallTimedOut):
                submission.npg.fisher_estimate(SCORES, MASK)
        assert submission.take_printed().count("called") == 2


def test_memory_that_one_function_keeps_is_there_for_the_next_row():
    hoarder = """
import numpy as np
kept = []
def fisher_estimate(scores, mask):
    while True:
        kept.append(np.empty(2**20))
def npg_step_size(gradient, fisher, delta):
    return len(kept)
"""
    with behind_the_wall(npg=hoarder) as submission:
        submission.start_row()
        with pytest.raises(failures.OutOfMemory, match="raised MemoryError"):
            submission.npg.fisher_estimate(SCORES, MASK)
        assert submission.npg.npg_step_size(np.ones(1), np.eye(1), 0.25) > 100
        submission.start_row()
        assert submission.npg.npg_step_size(np.ones(1), np.eye(1), 0.25) == 0


def test_a_module_that_was_not_handed_in_is_missing():
    with (
        behind_the_wall(missing=["npg"]) as submission,
        pytest.raises(failures.MissingModule, match=r"npg\.py"),
    ):
        submission.npg.fisher_estimate(SCORES, MASK)


@pytest.mark.parametrize(
    "top_level",
    [
        "def broken(:",
        "raise RuntimeError('no')",
        "import sys; sys.exit()",
        "import os; os._exit(1)",
        "while True: pass",
    ],
)
def test_a_module_that_cannot_be_imported_leaves_the_others(top_level):
    npg = "from hw4.policy import score\ndef npg_step_size(g, f, d): return 1.0"
    with behind_the_wall(policy=top_level, npg=npg, limits=QUICK) as submission:
        with pytest.raises(failures.ImportFailed, match=r"policy\.py"):
            submission.policy.score(np.ones(2), SCORES[0], np.int64(0))
        assert submission.npg.npg_step_size(np.ones(2), np.eye(2), 1.0) == 1.0


def test_noise_from_the_worker_is_a_bad_reply():
    source = (
        "import os, socket\n"
        "def fisher_estimate(s, m):\n"
        "    for fd in range(3, 64):\n"
        "        try: socket.socket(fileno=os.dup(fd)).sendall(b'noise' * 100)\n"
        "        except OSError: pass\n"
        "    return 1.0\n"
    )
    with behind_the_wall(npg=source, limits=QUICK) as submission, pytest.raises(failures.BadReply):
        submission.npg.fisher_estimate(SCORES, MASK)


def test_what_is_printed_is_kept_and_bounded():
    source = "def fisher_estimate(s, m):\n    print('hello')\n    print('x' * 200_000)\n    return 1.0"
    with behind_the_wall(npg=source) as submission:
        submission.npg.fisher_estimate(SCORES, MASK)
        submission.renew()
        printed = submission.take_printed()
        assert printed.startswith("hello")
        assert len(printed) <= 64 * 1024


def test_prints_are_taken_once_and_survive_the_worker():
    source = "def npg_step_size(g, f, d):\n    print('step', d)\n    return 1.0"
    with behind_the_wall(npg=source) as submission:
        submission.npg.npg_step_size(np.ones(1), np.eye(1), 1.5)
        submission.renew()
        submission.npg.npg_step_size(np.ones(1), np.eye(1), 2.5)
        submission.renew()
        assert submission.take_printed().split() == ["step", "1.5", "step", "2.5"]
        assert submission.take_printed() == ""


def test_a_numpy_beside_the_package_is_not_imported():
    with behind_the_wall(
        npg="def npg_step_size(g, f, d):\n    import numpy\n    return 'hw4-box' in numpy.__file__"
    ) as s:
        assert s.npg.npg_step_size(np.ones(1), np.eye(1), 1.0) == 0.0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give the worker a user of its own")
def test_the_worker_has_a_user_of_its_own():
    with behind_the_wall(npg="import os\ndef npg_step_size(g, f, d): return os.getuid()") as submission:
        uid = int(submission.npg.npg_step_size(np.ones(1), np.eye(1), 1.0))
    assert 60000 <= uid < 65000


def test_the_worker_sees_a_clean_environment(monkeypatch):
    monkeypatch.setenv("SECRET_SALT", "pepper")
    source = "import os\ndef npg_step_size(g, f, d): return 'SECRET_SALT' in os.environ"
    with behind_the_wall(npg=source) as submission:
        assert submission.npg.npg_step_size(np.ones(1), np.eye(1), 1.0) == 0.0


class TestLending:
    """With lending, a function under test is given the reference's earlier functions."""

    uses_score = (
        "from hw4.policy import score\n"
        "import numpy as np\n"
        "def fisher_estimate(s, m): return score(np.zeros(2), np.eye(2), np.int64(0))\n"
    )

    def test_an_earlier_function_is_lent(self):
        with behind_the_wall(missing=["policy"], npg=self.uses_score) as submission:
            with pytest.raises(failures.NotAttempted, match="needs score"):
                submission.npg.fisher_estimate(SCORES, MASK)
            with submission.lending():
                assert submission.npg.fisher_estimate(SCORES, MASK).tolist() == [0.5, -0.5]

    def test_an_earlier_function_of_the_same_module_is_lent(self):
        source = (
            "def fisher_estimate(scores, mask): return 7.0\n"
            "def npg_step_size(g, f, d):\n"
            "    import numpy as np\n"
            "    return fisher_estimate(np.full((1, 1, 1), 3.0), np.ones((1, 1), bool))\n"
        )
        with behind_the_wall(npg=source) as submission:
            arguments = (np.ones(1), np.eye(1), 1.0)
            assert submission.npg.npg_step_size(*arguments) == 7.0
            with submission.lending():
                assert submission.npg.npg_step_size(*arguments).tolist() == [[9.0]]

    def test_the_function_under_test_is_never_lent(self):
        with behind_the_wall(npg="def fisher_estimate(s, m): return 7.0") as submission, submission.lending():
            assert submission.npg.fisher_estimate(SCORES, MASK) == 7.0

    def test_a_later_function_is_not_lent(self):
        source = (
            "def npg_step_size(g, f, d): return 7.0\n"
            "def fisher_estimate(s, m):\n"
            "    import numpy as np\n"
            "    return npg_step_size(np.ones(1), np.eye(1), 1.0)\n"
        )
        with behind_the_wall(npg=source) as submission, submission.lending():
            assert submission.npg.fisher_estimate(SCORES, MASK) == 7.0

    def test_arguments_that_do_not_fit_are_refused_with_a_sentence(self):
        source = self.uses_score.replace("np.eye(2)", "np.eye(3)")
        refusal = r"policy\.score: features has shape \(3, 3\)"
        with (
            behind_the_wall(npg=source) as submission,
            submission.lending(),
            pytest.raises(failures.CallRaised, match=refusal),
        ):
            submission.npg.fisher_estimate(SCORES, MASK)

    def test_sizes_nobody_asks_for_are_refused_before_anything_is_computed(self):
        source = self.uses_score.replace("np.zeros(2), np.eye(2)", "np.zeros(1000), np.zeros((1, 1000))")
        with (
            behind_the_wall(npg=source) as submission,
            submission.lending(),
            pytest.raises(failures.CallRaised, match="larger than any"),
        ):
            submission.npg.fisher_estimate(SCORES, MASK)


def test_the_box_is_gone_afterwards():
    with behind_the_wall(npg="def fisher_estimate(s, m): return 1.0") as submission:
        submission.npg.fisher_estimate(SCORES, MASK)
        root = submission._workers._box.root
        assert root.is_dir()
    assert not root.exists()
