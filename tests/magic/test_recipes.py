"""`%ct help retention` and its like: a cell that answers the question, and that can be run."""

import pytest
from helpers.pages import examples
from helpers.shell import TODAY

from ct_magic.magic import arguments
from ct_magic.query.help import TOPICS, Topic, topic, words
from ct_magic.query.parser import statements

RECIPES = [topic for topic in TOPICS if topic.is_recipe and examples(topic)[0].startswith("%%")]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.words[0])
def test_the_cell_of_a_recipe_can_be_run(recipe: Topic) -> None:
    """Help that cannot be typed is worse than none."""
    line, _, text = examples(recipe)[0].partition("\n")
    assert arguments.of_cell(line.removeprefix("%%ctcount"), text).name
    assert statements(text, today=TODAY)


@pytest.mark.parametrize(
    "word",
    [
        *("retention", "cohort", "funnel", "segment", "overlap", "schedule", "watch", " Funnel "),
        *("activation", "D7", "time to convert", "attribution", "opt-in", "plot", "excel"),
    ],
)
def test_the_words_of_analysts_have_a_recipe(word: str) -> None:
    """In any case, and it fits a screen."""
    assert "recipes.ipynb" in topic(word)
    assert max(map(len, topic(word).splitlines())) <= 100


def test_each_word_leads_to_its_own_topic() -> None:
    """A word that an earlier topic has would never show the later one."""
    assert len(words()) == len(set(words()))
    assert not [word for t in TOPICS for word in t.words if t.text not in topic(word)]
