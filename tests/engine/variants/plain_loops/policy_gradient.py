def policy_gradient_estimate(scores, advantages, mask):
    N, H, d = scores.shape
    gradient = [0.0] * d
    for n in range(N):
        for h in range(H):
            if mask[n][h]:
                for i in range(d):
                    gradient[i] += scores[n][h][i] * advantages[n][h]
    return [g / N for g in gradient]
