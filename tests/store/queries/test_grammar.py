"""How a query is read: what joins terms, what is text, what is refused, and what is still being typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners_crm.errors import QueryError
from partners_crm.store.queries.grammar import MAX_DEPTH, MAX_LENGTH, MAX_TERMS, parse
from partners_crm.store.queries.tree import All, Either, Node, Not, Term, Value, terms_of


def written(node: Node) -> str:
    """A tree in one notation: & | ! and field=value."""
    if isinstance(node, Term):
        values = "|".join(f"<{each.text}>" if each.is_quoted else each.text for each in node.values)
        at = f"@{node.as_of}" if node.as_of else ""
        return f"{node.field}{at}={values}{'…' if node.is_open else ''}"
    if isinstance(node, Not):
        return f"!{written(node.of)}"
    return f"[{(' & ' if isinstance(node, All) else ' | ').join(map(written, node.parts))}]"


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", "[]"),
        ("   ", "[]"),
        ("oak", "=oak"),
        ("silo:housing", "silo=housing"),
        ("silo:housing district:sldu:5", "[silo=housing & district=sldu:5]"),
        ('-status:lapsed "family services"', "[!status=lapsed & =<family services>]"),
        ("a OR b", "[=a | =b]"),
        ("a b OR c", "[[=a & =b] | =c]"),
        ("a AND b OR NOT c", "[[=a & =b] | !=c]"),
        ("a (b OR c)", "[=a & [=b | =c]]"),
        ("-(a OR b)", "![=a | =b]"),
        ("NOT (a b)", "![=a & =b]"),
        ("NOT(a)", "!=a"),
        ("((a))", "=a"),
        ("silo:housing,aging", "silo=housing|aging"),
        ('tag:"lobby day",food', "tag=<lobby day>|food"),
        ('tag:"a, (b) OR c"', "tag=<a, (b) OR c>"),
        ('"10:30 group"', "=<10:30 group>"),
        ('"OR"', "=<OR>"),
        ("or and not", "[=or & =and & =not]"),
        ("ORdinary", "=ORdinary"),
        ("10:30", "=10:30"),
        ("name:Homes(West)", "name=Homes(West)"),
        ("(name:Homes(West) oak)", "[name=Homes(West) & =oak]"),
        ("oak,elm", "=oak,elm"),
        ("site.city:alton", "site.city=alton"),
        ("Other-Name.KIND:former", "other_name.kind=former"),
        ("association@2010-07:alpha", "association@2010-07=alpha"),
        ("role.title@EVER:director", "role.title@ever=director"),
        ("“family services” tag:„food”", "[=<family services> & tag=<food>]"),
        ('"not closed', "=<not closed>"),
        ("since:>=2010..", "since=>=2010.."),
        ("longitude:-87.6", "longitude=-87.6"),
        ("-longitude:<-87", "!longitude=<-87"),
        ('name:"<5"', "name=<<5>"),
        ("http://example.org", "http=//example.org"),
    ],
)
def test_a_query_is_read(text: str, tree: str) -> None:
    assert written(parse(text)) == tree


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("(a", "the ( at character 1 is not closed", "quotes"),
        ("a)", "the ) at character 2 closes nothing", "quotes"),
        ("a ()", "the parentheses at character 3 are empty", "a term"),
        ("OR a", "nothing on one side", '"OR"'),
        ("a OR", "nothing on one side", '"OR"'),
        ("a OR OR b", "nothing on one side", "a OR b"),
        ("AND a", "nothing on one side", "a blank means and"),
        ("a AND", "nothing on one side", '"AND"'),
        ("a AND OR b", "the AND at character 3 has nothing on one side", "terms stand side by side"),
        ("a AND AND b", "the AND at character 3 has nothing on one side", "terms stand side by side"),
        ("a (b AND OR c)", "the AND at character 6 has nothing on one side", "terms stand side by side"),
        ("a -", "the minus at character 3 says nothing", "before a term"),
        ("- a", "the minus at character 1 says nothing", "-tag:food"),
        ("NOT", "the NOT at character 1 says nothing", "before a term"),
        ("tag:", "tag: needs a value", "tag:something"),
        ('tag:""', "tag: needs a value", "tag:something"),
        ("tag:food,", "tag: needs a value", "tag:something"),
        ("tag:,food", "tag: needs a value", "tag:something"),
        ("!!", "!! says nothing", "field:value"),
        ('""', '"" says nothing', "field:value"),
        ("role@soon:x", "role@soon: asks for no date", "role@ever:"),
        ("role@:x", "role@: asks for no date", "role@2010:"),
        ("a" * (MAX_LENGTH + 1), f"at most {MAX_LENGTH} characters", ""),
        ("a " * (MAX_TERMS + 1), f"at most {MAX_TERMS} conditions", ""),
        ("x:" + ",".join("a" * (MAX_TERMS + 1)), f"at most {MAX_TERMS} conditions", ""),
        ("(" * 40 + "a" + ")" * 40, f"nests at most {MAX_DEPTH} deep", "parentheses"),
        ("-" * 40 + "a", f"nests at most {MAX_DEPTH} deep", "parentheses"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, message: str, hint: str) -> None:
    with pytest.raises(QueryError) as refused:
        parse(text)
    assert message in refused.value.message
    assert hint in refused.value.hint


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("(a", "=a…"),
        ("(a OR", "=a"),
        ("(a OR ", "=a"),
        ("(", "[]"),
        ("a OR", "=a"),
        ("a AND", "=a"),
        ("a AND OR", "=a"),
        ("a -", "=a"),
        ("-", "[]"),
        ("a NOT", "=a"),
        ("-(", "[]"),
        ("tag:", "tag=…"),
        ("tag:food,", "tag=food…"),
        ("a tag:fo", "[=a & tag=fo…]"),
        ("tag:fo a ", "[tag=fo & =a]"),
        ('tag:"lobby d', "tag=<lobby d>…"),
        ('"', "[]"),
        ("!", "[]"),
    ],
)
def test_the_end_may_still_be_typed(text: str, tree: str) -> None:
    assert written(parse(text, typing=True)) == tree


@pytest.mark.parametrize(
    "text", ["a)", "- a", "OR a", "tag:,food", "a OR OR b", "AND a", "role@soon:x", "() a", "a AND OR b"]
)
def test_what_cannot_become_right_is_refused_while_typing(text: str) -> None:
    with pytest.raises(QueryError):
        parse(text, typing=True)


def test_terms_know_their_place_and_their_negations() -> None:
    text = '  -(silo:housing OR -"family services") tag:food '
    found = [(text[term.start : term.end], negated) for term, negated in terms_of(parse(text))]
    assert found == [("silo:housing", True), ('"family services"', False), ("tag:food", False)]


PIECES = st.sampled_from(
    [*'()-,":@. ', "OR", "AND", "NOT", "silo", "a", "ü", "\x00", "\ud800", "<", "2010", "“", "ever"]
)


@given(st.lists(PIECES, max_size=80).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    for typing in (False, True):
        said = "read"
        try:
            tree = parse(text, typing=typing)
        except QueryError as error:
            said = error.message
        assert said.strip()
        if said == "read":
            terms = [term for term, _ in terms_of(tree)]
            assert sum(max(1, len(term.values)) for term in terms) <= MAX_TERMS
            assert all(text[term.start : term.end].strip() for term in terms)
            assert all(term.values or term.is_open for term in terms)
            assert all(isinstance(value, Value) and value.text.strip() for term in terms for value in term.values)


@given(st.lists(PIECES, max_size=80).map("".join))
def test_what_is_read_whole_is_read_while_typing_too(text: str) -> None:
    try:
        whole = parse(text)
    except QueryError:
        return
    assert written(parse(text, typing=True)).replace("…", "") == written(whole).replace("…", "")
    assert isinstance(whole, Term | Not | All | Either)
