"""GEPA on a model that does what its instructions say, and no more.

No language model is at hand offline, so a scripted engine plays two: a writer that follows a rule
only if its instructions have it, and a reflecting model that writes the rules it reads in the
feedback into the instructions. What is shown is that the rules travel from the metric through GEPA
into the prompt, and that the score is of amounts that GEPA never saw.
"""

import json
import re
import sys
from pathlib import Path

from dspy.lm15 import Message, Response, TextPart, Usage

import rlmlang

HERE = Path(__file__).parent
SIGNS = {"$": "USD", "€": "EUR", "£": "GBP"}


class Engine:
    """A writer and a reflecting model, by rules."""

    async def complete(self, request):
        said = "".join(m.text or "" for m in request.messages)
        text = self.reflect(said) if "RULE:" in said else self.write(str(request.system), said)
        return Response(id="scripted", model=request.model, usage=Usage(input_tokens=len(said) // 4, output_tokens=len(text) // 4),
                        message=Message.assistant([TextPart(text)]), finish_reason="stop")  # fmt: skip

    def reflect(self, said):
        rules = dict.fromkeys(re.findall(r"RULE: [^.]*\.", said))
        task = "\n".join(["Write the amount of money in the house style.", *rules])
        return json.dumps({"new_instruction": task})

    def write(self, instructions, said):
        amount = said.split("[[ ## amount ## ]]")[-1].split("\n")[1].strip()
        number = re.search(r"[\d.]+", amount).group()
        sign = next(s for s in SIGNS if s in amount)
        if "two decimals" in instructions:
            number = f"{float(number):.2f}"
        text = f"{SIGNS[sign]} {number}" if "ISO code" in instructions else f"{number} {sign}"
        return f"[[ ## result ## ]]\n{text}\n\n[[ ## completed ## ]]"


def main(folder):
    found = rlmlang.tune_recipe(str(folder / "rules.rlm"), engine=Engine(), store=None,
                                models=("scripted/writer",))  # fmt: skip
    score = found["score"]
    print(
        f"before {score['before']['mean']:.2f}, after {score['after']['mean']:.2f}: {score['verdict']}"
    )
    print(found["prompts"]["result"]["task"])


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
