//! Jinja templates as StackStorm's aliases use them: MiniJinja, Python's printing, bounds.
