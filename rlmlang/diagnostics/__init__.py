"""What is said to the user: places in text, coded problems, near names, and how they are drawn."""

from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic, Label, error, failed, warning
from rlmlang.diagnostics.fix import Edit, Fix, edited
from rlmlang.diagnostics.source import Place, SourceFile, Span
from rlmlang.diagnostics.suggest import nearest

__all__ = [
    "CodedError",
    "Diagnostic",
    "Edit",
    "Fix",
    "Label",
    "Place",
    "SourceFile",
    "Span",
    "edited",
    "error",
    "failed",
    "nearest",
    "warning",
]
