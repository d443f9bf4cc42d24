"""HW4: from natural policy gradient (NPG) to proximal policy optimization (PPO)."""
