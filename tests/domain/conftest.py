"""How long hypothesis searches where every test is run for every mutant of the rules."""

from hypothesis import settings

# Few examples and always the same ones: a mutant that survived today must not die tomorrow.
settings.register_profile("mutants", max_examples=25, deadline=None, derandomize=True)
