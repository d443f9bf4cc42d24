"""What stands beside student code in the worker: numpy and the standard library only, and no secret."""
