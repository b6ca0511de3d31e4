def initials(name: str) -> str:
    return "".join(part[0] for part in name.split())


def near(got: str, want: str) -> float:
    return float(got.casefold() == want.casefold())


def greeting(name, ask):
    return ask(f"Greet {name} in one line.")
