"""The urgent tickets of an inbox, as a DSPy program."""

import dspy


class IsUrgent(dspy.Signature):
    """Say whether the ticket is urgent."""

    ticket: str = dspy.InputField()
    urgent: bool = dspy.OutputField()


class Urgent(dspy.Module):
    def __init__(self):
        super().__init__()
        self.judge = dspy.Predict(IsUrgent)

    def forward(self, inbox):
        kept = [t for t in inbox.splitlines(True) if self.judge(ticket=t).urgent]
        return dspy.Prediction(result=kept)
