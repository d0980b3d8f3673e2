from __future__ import annotations

from pathlib import Path

import pytest

from pixelflow_widgets.errors import RatesError
from pixelflow_widgets.schema.usage import Usage
from pixelflow_widgets.usage.cost import in_words, money
from pixelflow_widgets.usage.rates import SHIPPED, rate_card, rate_of, read_rates, start_file

OWN = """
currency = "EUR"
[machine]
cpu_second = 0.001
[models."server:fast-*"]
input = 1.0
cached = 0.1
output = 4.0
date = 2001-02-03
[models."server:fast-large"]
input = 10
output = 40
[models."starter"]
image = 0.02
"""


def test_the_card_that_ships_names_nobodys_prices(settings: Path) -> None:
    card = read_rates(SHIPPED)
    assert [rate.is_free for rates in card.models for rate in rates.values()] == [True]
    assert rate_of("starter") is not None
    assert rate_of("server:some-model") is None


def test_the_users_file_stands_above_it_and_the_longest_name_counts(settings: Path) -> None:
    (settings / "rates.toml").write_text(OWN)
    card = rate_card()
    assert card.currency == "EUR"
    assert card.rate("server:fast-small").output == 4.0
    assert card.rate("server:fast-large").output == 40
    assert card.rate("server:slow") is None
    assert card.rate("starter").image == 0.02
    assert card.rate("owner/of-the-hub").is_free


def test_a_changed_file_counts_at_once(settings: Path) -> None:
    (settings / "rates.toml").write_text('[models."server:a"]\ninput = 1\n')
    assert rate_of("server:a").input == 1
    (settings / "rates.toml").write_text('[models."server:a"]\ninput = 25\n')
    assert rate_of("server:a").input == 25


def test_the_file_that_is_begun_is_read_as_it_is_and_never_written_over(settings: Path) -> None:
    path = start_file()
    assert path == settings / "rates.toml"
    assert "This file is yours" in path.read_text()
    assert rate_card().path == path
    path.write_text(OWN)
    start_file()
    assert path.read_text() == OWN


def test_old_prices_are_noted(settings: Path) -> None:
    (settings / "rates.toml").write_text(OWN)
    told = rate_card().old(["server:fast-small", "server:fast-large", "starter", "server:unknown"])
    assert len(told) == 1
    assert "'server:fast-*' was read on 03.02.2001" in told[0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("models = 3", "models is 3, not a table"),
        ('[models."server:a"]\ninptu = 1', "Did you mean 'input'?"),
        ('[models."server:a"]\ninput = -1', 'models."server:a".input = -1 is no price'),
        ('[models."server:a"]\ninput = nan', "is no price"),
        ('[models."server:a"]\ninput = inf', "is no price"),
        ('[models."server:a"]\ninput = true', "is no price"),
        ('[models."server:a"]\ninput = "1"', "is no price"),
        ('[models."server:a"]\ndate = "spring"', "Write the year first"),
        ('[models."server:a"]\ncurrency = "EUR"', "Sums of two currencies"),
        ("currency = 7", "Write a word in quotes"),
        ("[machine]\nhour = 1", "it may have cpu_second, gpu_second"),
        ("[machine", "is not TOML"),
        ("rates = 1", "the file has 'rates'"),
    ],
)
def test_a_wrong_file_is_refused_with_its_entry_and_what_to_write(settings: Path, text: str, says: str) -> None:
    (settings / "rates.toml").write_text(text)
    with pytest.raises(RatesError) as caught:
        rate_card()
    assert says in str(caught.value)
    assert "rates.toml" in str(caught.value)


def test_a_file_that_is_no_text_or_too_large_is_refused(settings: Path) -> None:
    path = settings / "rates.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RatesError, match="cannot be read"):
        rate_card()
    path.write_text("#" * 1_000_001)
    with pytest.raises(RatesError, match="no file of rates"):
        rate_card()


def test_money_by_tokens_seconds_and_pictures(settings: Path) -> None:
    (settings / "rates.toml").write_text(OWN)
    used = Usage("server:fast-small", input_tokens=1_000_000, cached_tokens=400_000, output_tokens=500_000)
    assert money(used) == pytest.approx(0.6 + 0.04 + 2.0)
    assert money(Usage("starter", images=3, cpu_seconds=10)) == pytest.approx(0.06 + 0.01)
    large = Usage("server:fast-large", input_tokens=100, cached_tokens=100)
    assert money(large) == pytest.approx(0.001)  # no price of cached tokens is written: they cost as the others


def test_a_model_by_the_second_is_paid_by_the_gpu_or_by_the_time_that_it_took(settings: Path) -> None:
    (settings / "rates.toml").write_text('[models."server:a"]\nsecond = 0.5\n')
    assert money(Usage("server:a"), seconds=4) == 2.0
    assert money(Usage("server:a", gpu_seconds=3), seconds=4) == 1.5


def test_an_unknown_server_costs_something_that_is_not_known_and_a_local_model_nothing(settings: Path) -> None:
    assert money(Usage("server:a", input_tokens=5)) is None
    assert money(Usage("starter", input_tokens=5, cpu_seconds=100)) == 0.0
    assert money(Usage()) == 0.0


def test_a_pattern_for_everything_is_not_for_servers(settings: Path) -> None:
    (settings / "rates.toml").write_text('[models."*"]\ninput = 0\n[models."s*"]\ninput = 0\n')
    assert rate_of("server:a") is None


def test_money_in_words() -> None:
    assert [in_words(each, "EUR") for each in (None, 0, 1.234, 0.01234, 0.0000123)] == [
        "not known",
        "0.00 EUR",
        "1.23 EUR",
        "0.0123 EUR",
        "0.000012 EUR",
    ]
