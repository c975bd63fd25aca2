"""The query form: fields and text side by side, both one query."""

from ct_magic.forms.query_form import Form, form

__all__ = ["Form", "form"]
