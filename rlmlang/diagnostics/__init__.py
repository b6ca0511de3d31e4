"""What is said to the user: places in text, coded problems, near names, and how they are drawn."""

from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic, Label, error, failed, warning
from rlmlang.diagnostics.source import Place, SourceFile, Span
from rlmlang.diagnostics.suggest import nearest

__all__ = [
    "CodedError",
    "Diagnostic",
    "Label",
    "Place",
    "SourceFile",
    "Span",
    "error",
    "failed",
    "nearest",
    "warning",
]
