def double(number):
    return 2 * number


def triple(number, scale=1.0):
    return sum([number, number, number])


def total(basket):
    return sum(basket.prices * basket.counts)
