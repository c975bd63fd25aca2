"""A query as a form's fields, perhaps unfinished, and back: text <-> sheet of drafts; no widget."""
