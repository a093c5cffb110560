def verdict(ms, slow):
    return "slow" if ms > slow else "fine"
