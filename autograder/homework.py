"""HW4 as data: its modules, parts and points. The one place that ties this homework to the engine."""

from __future__ import annotations

from pathlib import Path

from autograder.grading.assignment import Assignment, Catalogue, Function, Part

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = ROOT / "autograder" / "settings.toml"


def _catalogue() -> Catalogue:
    from autograder.misconceptions import load  # here, because the mistakes import the reference

    return load()


HW4 = Assignment(
    title="HW4: From NPG to PPO",
    package="hw4",
    root=ROOT,
    modules=("policy", "baseline", "policy_gradient", "importance_sampling", "npg", "ppo", "trpo"),
    parts=(
        Part(
            "1",
            "Softmax policy",
            12,
            (
                Function("1.1", "policy", "action_log_probabilities", "Action log-probabilities"),
                Function("1.2", "policy", "score", "Score"),
            ),
        ),
        Part(
            "2",
            "Baseline and policy gradient",
            22,
            (
                Function("2.1", "baseline", "rewards_to_go", "Rewards to go"),
                Function("2.2", "baseline", "fit_baseline", "Fitting the baseline"),
                Function("2.3", "baseline", "predict_baseline", "Predicting with the baseline"),
                Function("2.4", "policy_gradient", "policy_gradient_estimate", "Policy gradient estimate"),
            ),
        ),
        Part(
            "3",
            "Fisher information and NPG",
            32,
            (
                Function("3.1", "npg", "fisher_estimate", "Fisher estimate"),
                Function("3.2", "npg", "npg_step_size", "NPG step size"),
                Function("3.3", "npg", "npg_step", "NPG step"),
                Function("3.4", "npg", "npg_iteration", "NPG iteration"),
            ),
        ),
        Part(
            "4",
            "Importance sampling and PPO",
            22,
            (
                Function("4.1", "importance_sampling", "importance_weights", "Importance weights"),
                Function(
                    "4.2",
                    "importance_sampling",
                    "importance_sampling_estimate",
                    "Importance sampling estimate",
                ),
                Function("4.3", "ppo", "ppo_loss", "PPO loss"),
                Function("4.4", "ppo", "ppo_gradient", "PPO gradient"),
                Function("4.5", "ppo", "ppo_update", "PPO update"),
                Function("4.6", "ppo", "ppo_iteration", "PPO iteration"),
            ),
        ),
        Part("5", "CartPole", 12),
        Part(
            "6",
            "TRPO (bonus)",
            5,
            (
                Function("6.1", "trpo", "kl_estimate", "KL estimate"),
                Function("6.2", "trpo", "trpo_step", "TRPO step"),
            ),
            is_bonus=True,
        ),
    ),
    catalogue=_catalogue,
)
