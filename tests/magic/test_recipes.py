"""`%ct help retention` and its like: a cell that answers the question, and that can be run."""

import pytest
from helpers.shell import TODAY

from ct_magic.magic import arguments
from ct_magic.query import help as recipes
from ct_magic.query.parser import statements

CELLS = [recipe for recipe in recipes.RECIPES if recipe.cell.startswith("%%ctcount")]


@pytest.mark.parametrize("recipe", CELLS, ids=lambda recipe: recipe.words[0])
def test_the_cell_of_a_recipe_can_be_run(recipe: recipes.Recipe) -> None:
    """Help that cannot be typed is worse than none."""
    line, _, text = recipe.cell.partition("\n")
    assert arguments.of_cell(line.removeprefix("%%ctcount"), text).name
    assert statements(text, today=TODAY)


@pytest.mark.parametrize(
    "word", ["retention", "cohort", "funnel", "segment", "overlap", "schedule", "watch", " Funnel "]
)
def test_the_words_of_analysts_have_a_recipe(word: str) -> None:
    """In any case, and it fits a screen."""
    text = recipes.find_recipe(word)
    assert text is not None
    assert max(map(len, text.splitlines())) <= 100


def test_a_word_has_one_recipe() -> None:
    """And a word that no recipe has is left to the language's help."""
    words = [word for recipe in recipes.RECIPES for word in recipe.words]
    assert len(words) == len(set(words))
    assert recipes.find_recipe("where") is recipes.find_recipe("") is None
