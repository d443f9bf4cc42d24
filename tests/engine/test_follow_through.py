"""Follow-through: a wrong piece costs its own rows, whatever else a submission builds on it.

Each submission is graded in the sandbox. Some are saved by the lecture's earlier functions, others by the
lecture's function on top of their own; what is wrong by itself is saved by neither.
"""

from __future__ import annotations

import numpy as np
import pytest

from autograder.grading.follow_through import FAILED_LENT, LENT, OWN, FollowThrough
from autograder.homework import ASSIGNMENT as HW4
from autograder.release import inprocess
from autograder.release.inprocess import TrustedSubmission
from autograder.sandbox.failures import NotAttempted, NotComposable, SubmissionFault
from hw4 import npg, ppo
from hw4.lab.compare import Mismatch
from tests.engine.conftest import ROOT, SOLUTIONS
from tests.engine.test_calls import arguments_of as arguments_of_call
from tests.hidden.domain import DOMAINS, arguments_of


def behind(module: str, source: str) -> str:
    """The reference's module with functions put anew behind it."""
    return (SOLUTIONS / f"{module}.py").read_text(encoding="utf-8") + source


SHARED_FISHER = """

def _outer_products(scores, mask):
    return np.einsum("nhi,nhj->ij", scores * mask[..., None], scores * mask[..., None]) / mask.sum()

def fisher_estimate(scores, mask):
    return _outer_products(scores, mask)

def npg_iteration(theta, baseline_batch, update_batch, delta, ridge, damping):
    old, new = baseline_batch, update_batch
    weights = fit_baseline(old.baseline_features, rewards_to_go(old.rewards, old.mask), old.mask, ridge)
    advantages = rewards_to_go(new.rewards, new.mask) - predict_baseline(weights, new.baseline_features)
    scores = score(theta, new.features, new.actions)
    gradient = policy_gradient_estimate(scores, advantages, new.mask)
    return npg_step(theta, gradient, _outer_products(scores, new.mask) + damping * np.eye(len(theta)), delta)
"""
"""A helper that two functions share divides by the number of steps."""
SWAPPED = SHARED_FISHER.replace("old, new = baseline_batch", "new, old = baseline_batch")
"""The same, and an iteration that mixes its batches up."""
SHARED_STEP_SIZE = """

def _step_size(gradient, fisher, delta):
    length = float(gradient @ np.linalg.solve(fisher, gradient))
    return float(np.sqrt(2.0 * delta / length)) if length > 0.0 else 0.0

def npg_step_size(gradient, fisher, delta):
    return _step_size(gradient, fisher, delta)

def npg_step(theta, gradient, fisher, delta):
    return theta + _step_size(gradient, fisher, delta) * np.linalg.solve(fisher, gradient)
"""
COSTS = """

def rewards_to_go(rewards, mask):
    real = np.where(mask, -rewards, 0.0)
    return np.where(mask, np.cumsum(real[:, ::-1], axis=1)[:, ::-1], 0.0)
"""
"""Rewards are taken for costs."""
COSTS_EVERYWHERE = COSTS.replace("def rewards_to_go", "def _costs_to_go") + SHARED_FISHER[
    SHARED_FISHER.index("def npg_iteration") :
].replace("rewards_to_go(", "_costs_to_go(").replace("_outer_products", "fisher_estimate")
"""The same once more, in the iteration."""
SHARED_GRADIENT = """

def _slope(theta, theta_k, features, actions, advantages, mask, kl_weight):
    return -ppo_objective_gradient(theta, theta_k, features, actions, advantages, mask, kl_weight)

ppo_objective_gradient = ppo_gradient

def ppo_gradient(theta, theta_k, features, actions, advantages, mask, kl_weight):
    return _slope(theta, theta_k, features, actions, advantages, mask, kl_weight)

def ppo_update(theta_k, features, actions, advantages, mask, kl_weight, learning_rate, minibatches):
    theta = theta_k
    for t in minibatches:
        data = features[t], actions[t], advantages[t], mask[t]
        theta = theta - learning_rate * _slope(theta, theta_k, *data, kl_weight)
    return theta
"""
"""The gradient of ℓ in place of the loss's."""
UPHILL = SHARED_GRADIENT.replace("theta = theta - learning_rate", "theta = theta + learning_rate / 2")
"""The same, and an update that goes up at half the rate."""
SHARED_KL = """

def _kl(theta_k, theta, features, mask):
    log_p = action_log_probabilities(theta_k, features[mask])
    log_q = action_log_probabilities(theta, features[mask])
    return float(np.sum(np.exp(log_q) * (log_q - log_p)) / len(mask)) / 2.0

def kl_estimate(theta_k, theta, features, mask):
    return _kl(theta_k, theta, features, mask)

def trpo_step(
    theta_k, gradient, fisher, features, actions, advantages, mask, delta, backtrack=0.5, max_backtracks=10
):
    chosen = np.arange(mask.sum()), actions[mask]
    proposal = action_log_probabilities(theta_k, features[mask])[chosen]
    full_step = np.sqrt(2.0) * npg_step_size(gradient, fisher, delta) * np.linalg.solve(fisher, gradient)
    for backtracks in range(max_backtracks + 1):
        theta = theta_k + backtrack**backtracks * full_step
        weights = np.exp(action_log_probabilities(theta, features[mask])[chosen] - proposal)
        if _kl(theta_k, theta, features, mask) <= delta and np.sum((weights - 1.0) * advantages[mask]) >= 0:
            return theta
    return theta_k
"""
"""Half of the divergence, in the other direction."""
CONSTANT = {
    "policy": """
def action_log_probabilities(theta, features):
    return np.zeros(features.shape[:-1])

def score(theta, features, actions):
    return np.ones((*actions.shape, len(theta)))
""",
    "baseline": """
def rewards_to_go(rewards, mask):
    return np.ones(rewards.shape)

def fit_baseline(baseline_features, returns, mask, ridge=0.0):
    return np.ones(baseline_features.shape[-1])

def predict_baseline(weights, baseline_features):
    return np.zeros(baseline_features.shape[:-1])
""",
    "policy_gradient": """
def policy_gradient_estimate(scores, advantages, mask):
    return np.ones(scores.shape[-1])
""",
    "importance_sampling": """
def importance_weights(target_log_probs, proposal_log_probs):
    return np.ones(np.shape(target_log_probs))

def importance_sampling_estimate(values, weights):
    return 1.0
""",
    "npg": """
def fisher_estimate(scores, mask):
    return np.eye(scores.shape[-1])

def npg_step_size(gradient, fisher, delta):
    return 0.0

def npg_step(theta, gradient, fisher, delta):
    return theta + 1.0

def npg_iteration(theta, baseline_batch, update_batch, delta, ridge, damping):
    return theta + 1.0
""",
    "ppo": """
def ppo_loss(theta, theta_k, features, actions, advantages, mask, kl_weight):
    return 1.0

def ppo_gradient(theta, theta_k, features, actions, advantages, mask, kl_weight):
    return np.ones(len(theta))

def ppo_update(theta_k, features, actions, advantages, mask, kl_weight, learning_rate, minibatches):
    return theta_k + 1.0

def ppo_iteration(theta_k, baseline_batch, update_batch, kl_weight, learning_rate, minibatches, ridge):
    return theta_k + 1.0
""",
    "trpo": """
def kl_estimate(theta_k, theta, features, mask):
    return 0.0

def trpo_step(
    theta_k, gradient, fisher, features, actions, advantages, mask, delta, backtrack=0.5, max_backtracks=10
):
    return theta_k + 1.0
""",
}
"""Every function returns a constant, or θ moved by one."""

SUBMISSIONS = {
    "a missing module": ("1,3.4,4.6,5.1", {"policy": None}, {"1.1": "1234", "1.2": "12345"}),
    "a module that raises": ("1,3.4,4.6", {"policy": "1 / 0\n"}, {"1.1": "1234", "1.2": "12345"}),
    "a helper of the Fisher estimate": ("3,5.1", {"npg": behind("npg", SHARED_FISHER)}, {"3.1": "12356"}),
    "a helper of the step size": ("3", {"npg": behind("npg", SHARED_STEP_SIZE)}, {"3.2": "126"}),
    "a helper of the gradient": ("4,5.2", {"ppo": behind("ppo", SHARED_GRADIENT)}, {"4.4": "12346"}),
    "a helper of the divergence": ("6", {"trpo": behind("trpo", SHARED_KL)}, {"6.1": "124", "6.2": "4"}),
    "rewards negated": ("2,3.4,4.6,5", {"baseline": behind("baseline", COSTS)}, {"2.1": "124"}),
    "rewards negated in the iteration as well": (
        "2.1,3.4,5.1",
        {"baseline": behind("baseline", COSTS), "npg": behind("npg", COSTS_EVERYWHERE)},
        {"2.1": "124", "5.1": "12"},  # the pole falls
    ),
    "a wrong iteration on a wrong Fisher estimate": (
        "3,5.1",
        {"npg": behind("npg", SWAPPED)},
        {"3.1": "12356", "3.4": "124", "5.1": "12"},
    ),
    "a wrong update on a wrong gradient": (
        "4.4,4.5",
        {"ppo": behind("ppo", UPHILL)},
        {"4.4": "12346", "4.5": "1345"},
    ),
}


@pytest.mark.filterwarnings("ignore")  # as a grading does
@pytest.mark.parametrize("kind", SUBMISSIONS)
def test_a_wrong_piece_costs_its_own_rows(grade, submit, kind):
    only, changes, lost = SUBMISSIONS[kind]
    expected = {f"{number}.{row}" for number, rows in lost.items() for row in rows}
    assert grade(submit(**changes), "--only", only).lost == expected
    if "module" not in kind:  # in one process, modules that are missing are the reference's
        found = inprocess.grade(HW4, submit(**changes), "a salt", only)
        assert {row.number for row in found.rows if row.score == 0} == expected


DAMPED_TWICE = ("update_batch.mask) + damping", "update_batch.mask) + 2 * damping")


@pytest.mark.parametrize(
    ("why", "baseline"),
    [
        ("is missing", None),
        ("raises", behind("baseline", "\ndef rewards_to_go(rewards, mask):\n    raise ValueError\n")),
    ],
)
def test_a_wrong_function_on_a_piece_without_a_value_is_told_its_own_mistake(grade, submit, why, baseline):
    graded = grade(submit(baseline=baseline, npg=DAMPED_TWICE), "--only", "3.4")
    assert graded.lost == {"3.4.1", "3.4.2", "3.4.4"}
    row = graded.rows["3.4.1"]
    assert row["extra_data"]["outcome"] == "failed"
    assert "You add the damping twice" in row["extra_data"]["diagnosis"]
    assert FAILED_LENT in row["output"]
    call = row["extra_data"]["call"]
    given = arguments_of_call(call)
    assert np.allclose(npg.npg_iteration(**given), call["expected"], rtol=1e-6)
    doubled = given | {"damping": 2 * given["damping"]}
    assert np.allclose(npg.npg_iteration(**doubled), call["returned"], rtol=1e-6)


def test_a_function_that_is_right_is_not_told_of_lent_ones(grade, submit):
    graded = grade(submit(npg=DAMPED_TWICE), "--only", "3.4")
    assert graded.lost == {"3.4.1", "3.4.2", "3.4.4"}
    assert FAILED_LENT not in graded.rows["3.4.1"]["output"]


def test_constants_earn_nothing_for_agreeing_with_one_another(grade, submit):
    """If every piece returns a constant, the composition cannot be told apart from a wrong one."""
    graded = grade(submit(**{module: f"import numpy as np\n{source}" for module, source in CONSTANT.items()}))
    # A constant changes no argument, and θ moved by one does answer to another θ.
    assert set(graded.rows) - graded.lost == {"6.2.3"}


def times(factor: float, module: str, function: str) -> str:
    """The reference's module with one function's result multiplied."""
    body = f"def {function}(*given):\n    return {factor} * _right(*given)\n"
    return behind(module, f"\n_right = {function}\n\n{body}")


def on_own_pieces(folder, number):
    follow_through = FollowThrough(HW4, TrustedSubmission(HW4, folder))
    retrial, _ = follow_through.retrials(number, {"lecture": None}, MISMATCH)
    return retrial.fixtures["lecture"]


def arguments(function):
    return arguments_of(function, DOMAINS[function].cases[0], 0)


MISMATCH = Mismatch("npg.npg_iteration", "value", "It is 1.")
STEPS = ["npg.npg_step", "npg.npg_iteration", "ppo.ppo_update", "ppo.ppo_iteration", "trpo.trpo_step"]


def called(lecture, function):
    module, _, name = function.partition(".")
    return getattr(getattr(lecture, module), name)(*arguments(function))


@pytest.mark.parametrize("function", STEPS)
def test_on_the_right_pieces_it_is_the_lecture_s(function, submit):
    number = next(one.number for one in HW4.functions if one.qualified_name == function)
    found = called(on_own_pieces(submit(), f"{number}.1"), function)
    assert np.array_equal(found, called(FollowThrough(HW4, None).lecture, function))


@pytest.mark.parametrize("function", STEPS)
def test_on_wrong_pieces_it_is_what_the_right_use_of_them_returns(function, submit):
    """Scores of twice the size, and a step size half as large again."""
    wrong = submit(policy=times(2.0, "policy", "score"), npg=times(1.5, "npg", "npg_step_size"))
    submission = TrustedSubmission(HW4, wrong)
    module, _, name = function.partition(".")
    # Their own functions are the lecture's, and use these pieces by name.
    expected = getattr(getattr(submission, module), name)(*arguments(function))
    number = next(one.number for one in HW4.functions if one.qualified_name == function)
    found = called(on_own_pieces(wrong, f"{number}.1"), function)
    assert np.allclose(found, expected, rtol=1e-12)
    assert not np.allclose(found, called(FollowThrough(HW4, None).lecture, function), rtol=1e-3)


@pytest.mark.parametrize("function", STEPS)
def test_constants_show_no_composition(function, submit):
    constants = submit(**{module: f"import numpy as np\n{source}" for module, source in CONSTANT.items()})
    number = next(one.number for one in HW4.functions if one.qualified_name == function)
    with pytest.raises(NotComposable, match="the same whatever"):
        called(on_own_pieces(constants, f"{number}.1"), function)


@pytest.mark.parametrize(
    ("step_size", "fault"),
    [("np.ones(2)", "no finite numbers"), ("np.nan", "no finite numbers"), ("1 / 0", "ZeroDivisionError")],
)
def test_a_piece_without_a_usable_value_shows_no_composition(step_size, fault, submit):
    wrong = submit(npg=behind("npg", f"\ndef npg_step_size(g, F, delta):\n    return {step_size}\n"))
    with pytest.raises(SubmissionFault, match=fault):
        called(on_own_pieces(wrong, "3.3.2"), "npg.npg_step")


def test_pieces_that_fit_no_formula_show_no_composition(submit):
    """F = 0 has no inverse."""
    wrong = submit(npg=times(0.0, "npg", "fisher_estimate"))
    theta, old, new, *_ = arguments("npg.npg_iteration")
    iterate = on_own_pieces(wrong, "3.4.1").npg.npg_iteration
    with pytest.raises(SubmissionFault):
        iterate(theta, old, new, 0.5, 0.3, 0.0)


def test_where_nothing_moves_by_right_constants_count_as_well(submit):
    """Without minibatches θ^k is right, whatever the gradient is."""
    wrong = submit(ppo=behind("ppo", "\ndef ppo_gradient(theta, *rest):\n    return np.ones(len(theta))\n"))
    *given, minibatches = arguments("ppo.ppo_update")
    update = on_own_pieces(wrong, "4.5.1").ppo.ppo_update
    assert np.array_equal(update(*given, minibatches[:0]), given[0])
    with pytest.raises(NotComposable):
        update(*given, minibatches)


def test_a_step_may_end_at_the_gradient_by_chance(submit):
    """θ + 2 √(δ / gᵀg) g = g for θ = 0, g = (2,), F = I, δ = 1. The gradient has the shape of a start."""
    wrong = submit(npg=times(2.0, "npg", "npg_step_size"))
    step = on_own_pieces(wrong, "3.3.2").npg.npg_step
    assert step(np.zeros(1), np.array([2.0]), np.eye(1), 1.0) == [2.0]


def test_an_earlier_function_than_the_row_s_is_the_submission_s_own(submit):
    wrong = submit(ppo=times(-1.0, "ppo", "ppo_gradient"))
    given = arguments("ppo.ppo_gradient")
    right = ppo.ppo_gradient(*given)
    assert np.array_equal(on_own_pieces(wrong, "4.5.4").ppo.ppo_gradient(*given), -right)
    assert np.array_equal(on_own_pieces(wrong, "4.4.1").ppo.ppo_gradient(*given), right)
    assert np.array_equal(on_own_pieces(wrong, "5.1.1").ppo.ppo_gradient(*given), right)


def test_a_test_that_is_not_held_against_the_fixture_is_judged_again_with_lent_functions_alone(submit):
    follow_through = FollowThrough(HW4, TrustedSubmission(HW4, submit()))
    assert [one.note for one in follow_through.retrials("3.1.1", {"submission": None}, MISMATCH)] == [LENT]
    assert [one.note for one in follow_through.retrials("3.4.1", {"lecture": None}, MISMATCH)] == [OWN, LENT]


def test_a_function_that_returns_nothing_is_judged_again_with_lent_functions_alone(submit):
    follow_through = FollowThrough(HW4, TrustedSubmission(HW4, submit()))
    fault = NotAttempted("npg.npg_iteration", "It is not attempted yet.")
    assert [one.note for one in follow_through.retrials("3.4.1", {"lecture": None}, fault)] == [LENT]


def test_the_reference_that_inputs_are_drawn_with_stays_the_lecture_s(submit):
    before = npg.npg_step_size
    called(on_own_pieces(submit(npg=behind("npg", SHARED_STEP_SIZE)), "3.3.2"), "npg.npg_step")
    assert npg.npg_step_size is before
    assert npg.npg_step.__globals__["npg_step_size"] is before


def test_no_hidden_test_knows_how_a_row_is_judged_again():
    for file in (ROOT / "tests" / "hidden").glob("*.py"):
        assert "lending" not in file.read_text(encoding="utf-8"), file.name
