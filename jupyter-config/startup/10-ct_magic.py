"""Lets every IPython of this environment know `%%ctcount`, `%ctcount` and `%ct` by themselves.

Installed and taken away with the package ct-magic. Nothing of it is imported before it is needed.
`CT_MAGIC_AUTOLOAD=0` in the environment switches this off.
"""


def _ct_magic(shell):
    import os
    import re
    from importlib.util import find_spec

    off = os.environ.get("CT_MAGIC_AUTOLOAD", "").lower() in ("0", "false", "no", "off")
    if off or find_spec("ct_magic") is None:  # or the package went, and this file was forgotten
        return
    mention = re.compile(r"%ct\b|%ctcount\b|\bCountMagics\b")

    def load():
        try:
            return shell.extension_manager.load_extension("ct_magic") is None
        except Exception:
            return False  # the magic's own call will say what is wrong

    def before_cell(info):
        # The magics load themselves; this is for what asks before: `%%ctcount?`, `%config`.
        cell = info.raw_cell or ""
        if "ct_magic" in shell.extension_manager.loaded:
            shell.events.unregister("pre_run_cell", before_cell)
        elif mention.search(cell) and "load_ext" not in cell:
            load()

    for name in ("ctcount", "ct"):
        shell.magics_manager.register_lazy(name, "ct_magic")
    shell.events.register("pre_run_cell", before_cell)

    from IPython.core.completer import context_matcher

    @context_matcher(identifier="ct_magic.tab")  # the extension puts its own in this one's place
    def first_tab(context):
        if mention.search(context.full_text) and load():
            return shell.Completer.custom_matchers[-1](context)
        return {"completions": []}

    shell.Completer.custom_matchers.append(first_tab)


try:
    _ct_magic(get_ipython())
except Exception:
    pass  # whatever is unusual here, the kernel starts, and `%load_ext ct_magic` is still there
finally:
    del _ct_magic
