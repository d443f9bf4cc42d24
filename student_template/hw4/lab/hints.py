"""Three hints for each function, from vague to plain: where to look, at which object, what to do in words.

No hint is code: the repository's template command refuses one that holds a line of a solution.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

Hints = tuple[str, str, str]

HINTS: Mapping[str, Hints] = MappingProxyType(
    {
        "policy.action_log_probabilities": (
            "What happens to the probabilities of a state if the same number is added to all of its "
            "logits? And which number would keep exp from overflowing?",
            "The logits have the shape (..., A), one θ·φ(s,a) for each action. Look at the largest of "
            "them in each state: keep the last axis, so that it can be subtracted from all actions of its "
            "state.",
            "Compute the logits. Subtract from each state's logits their maximum over the actions. Then "
            "subtract the logarithm of the sum, over the actions, of the exponentials of what you have. "
            "Take the logarithm of that sum, never of a single probability, which may be 0.",
        ),
        "policy.score": (
            "θ occurs twice in ln π_θ(a|s): in the logit of the action that was chosen, and in the "
            "normaliser. What is the gradient of each?",
            "The gradient of the normaliser is a mean of the features over all actions. Which weights "
            "does that mean have? Everything has leading axes (...): the actions pick along the axis A of "
            "(..., A, d).",
            "Turn the log-probabilities of 1.1 into probabilities. For each action take 1 where it was "
            "chosen and 0 elsewhere, minus its probability; weigh the actions' features with these "
            "numbers and sum over the actions. Any number of leading axes, none included, has to work.",
        ),
        "baseline.rewards_to_go": (
            "Which rewards come at step h or later? If you already knew the answer for step h + 1, how "
            "would you get the one for step h?",
            "It is a running sum along the axis H that begins at the last step. Padding stands at the end "
            "of a row: what has to be there so that it adds nothing?",
            "Put 0 in place of the rewards on padding, by choosing and not by multiplying. Run through "
            "each row from its last step to its first and add up. Put 0 on padding again at the end.",
        ),
        "baseline.fit_baseline": (
            "Which steps of which trajectories are data for this regression, and which are not? What "
            "would the ridge look like if it were made of more data?",
            "Choosing with the mask turns (N, H, k) into a table with a row for each real step, and (N, "
            "H) into as many targets. ridge ‖w‖² is a sum of k squares, (√ridge · w_i − 0)²: k more rows "
            "of the table.",
            "Put the features of the real steps one below the other, and below them √ridge times the k by "
            "k identity. The targets are the returns of the real steps, and then k zeros. Solve this for "
            "its least squares, with a solver that returns the shortest solution where there are many.",
        ),
        "baseline.predict_baseline": (
            "The baseline is linear in its features. How many numbers does it predict for one step?",
            "The features are (N, H, k) and the weights (k,): which axis has to disappear?",
            "Take, for every step, the inner product of its k features with the k weights. No mask is "
            "needed: nobody uses the entries on padding.",
        ),
        "policy_gradient.policy_gradient_estimate": (
            "The estimate has one sum and one mean in it. Over what is the sum, and over what is the mean?",
            "The score of a step is a vector (d,) and its advantage a number. Padding has both, of any "
            "size: 0 times a large number is still rounding, so leave these steps out before you "
            "multiply.",
            "Keep the scores and advantages of the real steps alone. Multiply each score with its "
            "advantage, add all of them up, and divide by N, the number of trajectories, however many "
            "steps they have.",
        ),
        "npg.fisher_estimate": (
            "What has the shape (d, d) and can be made of one score, a vector of length d? What is it "
            "when d = 1?",
            "It is the outer product of a score with itself, one matrix for each real step. How many "
            "steps, and how many trajectories, are there? Which of the two numbers does the formula "
            "divide by?",
            "Keep the scores of the real steps, one below the other. Multiply the transpose of that table "
            "with the table: the product is the sum of the outer products. Divide it by N, the number of "
            "trajectories.",
        ),
        "npg.npg_step_size": (
            "Which length does the trust region measure the step in? How long is F⁻¹g in it?",
            "The denominator gᵀF⁻¹g is a number. F⁻¹g is the vector x with F x = g: it takes a linear "
            "system to solve, and no inverse. What does the fraction become when g = 0?",
            "Solve F x = g, and take the inner product of g with x. If that is 0, return 0. Else divide δ "
            "by it and take the square root. Return a float.",
        ),
        "npg.npg_step": (
            "You have the length of the step already. What is its direction?",
            "The direction is F⁻¹g, the solution of a linear system, of the shape of θ. The lecture goes "
            "up the gradient: what is the sign?",
            "Solve F x = g, multiply x with the step size of 3.2, and add that to θ, into a new array. "
            "Where g = 0 the step is 0, and θ comes back as it was.",
        ),
        "npg.npg_iteration": (
            "The slide lists the stages in order. Which function of yours is each stage, and which of the "
            "two batches does it look at?",
            "Only the baseline is fitted on the first batch; the advantages, the scores, ĝ and F̂ are all "
            "made of the second. Damping is a multiple of the d by d identity.",
            "On the baseline batch: rewards to go, then the fit. On the update batch: rewards to go minus "
            "the predictions are the advantages; then the scores under θ, the gradient estimate and the "
            "Fisher estimate. Add damping times the identity to F̂, and return the step with it.",
        ),
        "importance_sampling.importance_weights": (
            "You are given logarithms. What is a quotient, in logarithms?",
            "At ln p = −1000 the exponential is 0 in floating point. Is the difference of two such "
            "logarithms a number that exp can work with?",
            "Subtract the proposal's log-probabilities from the target's, and take the exponential of the "
            "difference, once.",
        ),
        "importance_sampling.importance_sampling_estimate": (
            "The samples come from p, and the mean is wanted under p̃. What corrects each of them?",
            "There are n values and n weights. What is divided by: n, or the sum of the weights? Only one "
            "of the two is unbiased.",
            "Multiply each value with its weight, take the plain mean of the n products, and return a float.",
        ),
        "ppo.ppo_loss": (
            "Each step contributes two terms. Which of them has an importance weight, and which sign does "
            "the loss give to each?",
            "Leave the padding out first: then there is one row for each real step. For each you need the "
            "log-probability of the action taken, once under θ and once under θ^k. ln 1/π is −ln π.",
            "Choose the real steps. The weight is that of 4.1, with θ as the target and θ^k as the "
            "proposal. Weight times advantage, plus λ times ln π_θ, is a step's part of the objective. "
            "Add the parts up, divide by M, the number of trajectories, and change the sign, because SGD "
            "minimises.",
        ),
        "ppo.ppo_gradient": (
            "θ occurs in the importance weight and in the penalty. How is ∇π_θ written with π_θ and ∇ln π_θ?",
            "Since ∇π_θ = π_θ ∇ln π_θ, both terms are numbers times the score of the action taken: what "
            "is the number of each? The result has the shape (d,).",
            "Choose the real steps. For each, the number is its weight times its advantage, plus λ. "
            "Multiply the score under θ with it, add up over all real steps, divide by M, and change the "
            "sign.",
        ),
        "ppo.ppo_update": (
            "What changes from one step of SGD to the next, and what stays the same throughout?",
            "A row of `minibatches` holds the B trajectories of one step: it picks along the first axis "
            "of features, actions, advantages and mask. θ moves; θ^k, under which they were sampled, does "
            "not.",
            "Start at θ^k. For each row, take the chosen trajectories out of the four arrays, ask 4.4 for "
            "the gradient at the present θ, and go learning_rate times that downhill, into a new array. "
            "Without rows θ^k comes back.",
        ),
        "ppo.ppo_iteration": (
            "How does this differ from 3.4? Up to the advantages, does it at all?",
            "The baseline comes from the first batch, all that SGD sees from the second: the indices in "
            "`minibatches` count the trajectories of the second one.",
            "On the baseline batch: rewards to go, then the fit. On the update batch: rewards to go minus "
            "the predictions are the advantages. Hand them, with the update batch's features, actions and "
            "mask, to 4.5, and return what it returns.",
        ),
        "ppo.clip_penalty_weights": (
            "Where does the minimum of w·Â and its clipped version no longer depend on θ? Which λ makes "
            "the lecture's gradient vanish there?",
            "Whether the clip is active depends on two things together: the sign of the advantage, and on "
            "which side of 1 the weight is too far. Â = 0 is never clipped.",
            "Compute the weights as in 4.1. The clip is active where the advantage is positive and the "
            "weight above 1 + ε, or the advantage negative and the weight below 1 − ε. There, return "
            "minus the weight times the advantage, elsewhere 0.",
        ),
        "trpo.kl_estimate": (
            "In every state that was visited you know both distributions whole. Do you need the actions "
            "that were taken?",
            "Under each policy a state has A log-probabilities. Which of the two policies weighs the "
            "logarithm of their quotient, and what does the mask leave out?",
            "Choose the real steps, and compute all log-probabilities under θ^k and under θ. Sum over the "
            "actions the probability under θ^k times the difference of the two logarithms, θ^k's first. "
            "Add up over the steps, divide by N, and return a float.",
        ),
        "trpo.trpo_step": (
            "The direction is that of 3.3. What may be wrong with a step along it, and how would you find "
            "out?",
            "Two things are measured at every try: the divergence from θ^k by 6.1, and the surrogate, the "
            "sum of weight times advantage over the real steps. With which values are they compared?",
            "The first try is √2 times the natural-gradient step. For j from 0 up to and with "
            "max_backtracks, shorten it by backtrack to the power j. Return the first θ whose divergence "
            "is at most δ and whose surrogate is not below the one at θ^k; where none qualifies, θ^k.",
        ),
    }
)
"""The hints by ``module.function``."""
