"""The page of sections: their order, what is escaped, and what is left out."""

from __future__ import annotations

import pandas as pd

from anodescope.report.supplement import Chapter, write_supplement


def test_sections_stand_in_the_order_that_they_are_handed(tmp_path):
    chapters = [
        Chapter("last", "Zebra", ["One <b>sentence</b>."]),
        Chapter("first", "Ant", tables={"some_rows": pd.DataFrame({"a_b": [1.5]})}),
    ]
    path = write_supplement(tmp_path / "new" / "page.html", "A title", ["Lead."], [], chapters)
    text = path.read_text()
    assert text.index('<h2 id="last">Zebra') < text.index('<h2 id="first">Ant')
    assert "One &lt;b&gt;sentence&lt;/b&gt;." in text
    assert "Also in tables/some_rows.csv." in text
    assert ">a b</th>" in text
    assert "default-src 'none'" in text


def test_a_table_without_rows_is_left_out_and_a_long_one_is_folded(tmp_path):
    long = pd.DataFrame({"number": range(5)})
    chapter = Chapter("a", "A", tables={"none": long[:0], "long": long}, most=4)
    text = write_supplement(tmp_path / "p.html", "T", [], [], [chapter]).read_text()
    assert "none.csv" not in text
    assert "<summary>Long</summary>" in text
    short = Chapter("a", "A", tables={"long": long}, most=5)
    text = write_supplement(tmp_path / "p.html", "T", [], [], [short]).read_text()
    assert "<details>" not in text
