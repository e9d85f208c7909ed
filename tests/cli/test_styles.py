import json


def test_a_table(impasto, gallery):
    ran = impasto("styles", "--gallery", gallery)
    assert ran.code == 0
    for text in ("first", "second", "Painting 0", "Nobody", "CC0"):
        assert text in ran.out


def test_json(impasto, gallery):
    rows = json.loads(impasto("styles", "--gallery", gallery, "--json").out)
    assert [row["name"] for row in rows] == ["first", "second"]
    assert rows[1]["title"] == "Painting 1"


def test_what_ships(impasto):
    assert "The Great Wave off Kanagawa" in impasto("styles").out
