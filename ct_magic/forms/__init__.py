"""The query form: fields and text side by side, both one query."""

from .query_form import Form, form

__all__ = ["Form", "form"]
