"""A function that remembers earlier calls is told so: its rejected call, made alone, has another answer."""

from __future__ import annotations

SOURCE = """
_known = {}

def npg_step_size(gradient, fisher, delta):
    if len(gradient) not in _known:
        _known[len(gradient)] = np.linalg.inv(fisher)
    squared = float(gradient @ _known[len(gradient)] @ gradient)
    return float(np.sqrt(delta / squared)) if squared > 0 else 0.0

def unused("""


def test_an_answer_that_depends_on_earlier_calls_is_called_so(grade, submit):
    graded = grade(submit(npg=("def npg_step_size(", SOURCE.strip("\n"))), "--only", "3.2")
    failed = graded.rows["3.2.1"]
    assert failed["extra_data"]["outcome"] == "failed"
    assert "not on earlier calls" in failed["output"]


def test_a_plain_mistake_is_not_called_so(grade, submit):
    graded = grade(submit(npg=("delta / squared", "3.7 * delta / squared")), "--only", "3.2")
    failed = graded.rows["3.2.1"]
    assert failed["extra_data"]["outcome"] == "failed"
    assert "earlier calls" not in failed["output"]
