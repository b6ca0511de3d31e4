"""How amounts are judged: a score, and the rule that was broken."""


def house_style(got, want):
    code, number = want.split(" ", 1)
    faults = []
    if not got.startswith(code):
        faults.append("RULE: the ISO code stands before the amount.")
    if got.removeprefix(code).strip() != number:
        faults.append("RULE: always write two decimals.")
    return 1 - len(faults) / 2, " ".join(faults)
