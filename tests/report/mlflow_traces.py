"""What a server of MLflow shows of its traces, as JSON: a script, since MLflow keeps the address of
its server for the whole of a process."""

from __future__ import annotations

import json
import sys

import mlflow

mlflow.set_tracking_uri(sys.argv[1])
found = [
    {
        "state": trace.info.state.value,
        "tokens": trace.info.token_usage,
        "dollars": (trace.info.cost or {}).get("total_cost"),
        "spans": [
            {"name": s.name, "id": s.span_id, "parent": s.parent_id, "outputs": s.outputs}
            for s in trace.data.spans
        ],
    }
    for trace in mlflow.search_traces(locations=["0"], return_type="list")
]
json.dump(found, sys.stdout)
