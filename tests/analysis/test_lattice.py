"""Laws of the abstract domain."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from wfprov.analysis.domain import Abstract, Const, Hole, ListOf, MapOf, Text, Unknown
from wfprov.analysis.lattice import ANY, NEVER, covers, fits, join, join_all, leq, widen
from wfprov.analysis.strings import text_of

HOLES = st.sampled_from(["args.region", "args.*", "result:a", "env:URL", "project"]).map(Hole)
TEXTS = st.lists(st.sampled_from(["a", "https://", "-x", "/"]) | HOLES, max_size=4).map(text_of)
ATOMS = (
    st.sampled_from([None, True, False, 0, 1, 2.5, "", "a", "ab"]).map(Const)
    | TEXTS
    | HOLES.map(Unknown)
    | st.just(NEVER)
    | st.just(ANY)
)
KEYS = st.sampled_from(["a", "b", "c"])


def held(inner: st.SearchStrategy[Abstract]) -> st.SearchStrategy[Abstract]:
    some = inner.filter(lambda value: value != NEVER)
    maps = st.builds(
        lambda table, rest: MapOf(tuple(table.items()), rest),
        st.dictionaries(KEYS, some, max_size=3),
        st.none() | HOLES.map(Unknown) | some.map(lambda value: join(value, Const(None))),
    )
    lists = st.builds(
        lambda items, rest: ListOf(tuple(items), rest),
        st.lists(some, max_size=3),
        st.none() | some,
    )
    return maps | lists | st.lists(inner, min_size=2, max_size=4).map(join_all)


VALUES = st.recursive(ATOMS, held, max_leaves=6)


@given(VALUES)
def test_join_is_idempotent(a):
    assert join(a, a) == a


@given(VALUES, VALUES)
def test_join_is_commutative(a, b):
    assert join(a, b) == join(b, a)


@settings(max_examples=300)
@given(VALUES, VALUES, VALUES)
def test_join_is_associative(a, b, c):
    assert join(join(a, b), c) == join(a, join(b, c))


@given(VALUES, VALUES)
def test_both_sides_lie_below_their_join(a, b):
    assert leq(a, join(a, b))
    assert leq(b, join(a, b))


@given(VALUES, VALUES)
def test_what_lies_above_covers(a, b):
    assert covers(join(a, b), a)
    assert covers(join(a, b), b)


@given(VALUES)
def test_never_is_the_least_value(a):
    assert join(NEVER, a) == a
    assert covers(a, NEVER)


@given(VALUES, VALUES)
def test_widening_covers_both(a, b):
    wide = widen(a, b, Hole("x"))
    assert covers(wide, a)
    assert covers(wide, b)


@given(st.lists(VALUES, min_size=1, max_size=40))
def test_widening_comes_to_rest(values):
    wide = values[0]
    changes = 0
    for value in values * 3:
        new = widen(wide, value, Hole("x"))
        changes += new != wide
        wide = new
    assert all(widen(wide, value, Hole("x")) is wide for value in values)
    assert changes <= 40


def test_a_counter_is_widened_to_any_number_at_once():
    assert widen(Const(1), Const(2), Hole("i")) == Unknown(Hole("i"))


def test_strings_are_widened_to_what_they_begin_with():
    wide = widen(Const("https://a.com/1"), Const("https://a.com/2"), Hole("url"))
    assert wide == Text(("https://a.com/", Hole("url")))


def test_more_alternatives_than_are_kept_become_any_value():
    assert join_all(Const(i) for i in range(65)) == ANY
    assert join(ANY, Const("x")) == ANY


def test_many_maps_become_one_open_map_with_the_keys_of_all():
    merged = join_all(MapOf((("url", Const(f"u{i}")), (f"k{i}", Const(i)))) for i in range(9))
    assert isinstance(merged, MapOf)
    assert merged.rest is not None
    assert merged.get("url") == join_all(Const(f"u{i}") for i in range(9))
    assert merged.get("k3") == join(Const(3), Const(None))


def test_an_open_argument_keeps_the_names_of_its_other_keys():
    argument = MapOf((("a", Const(1)),), Unknown(Hole("args.*")))
    changed = MapOf((("a", Const(1)), ("b", Const(2))), Unknown(Hole("args.*")))
    merged = join(argument, changed)
    assert isinstance(merged, MapOf)
    assert merged.get("b") == join(Unknown(Hole("args.b")), Const(2))


@given(st.lists(st.sampled_from(["a", "b", "ab"]), max_size=5))
def test_a_pattern_fits_every_filling_of_its_holes(fillings):
    pattern = Text(("a", Hole("x"), "b", Hole("y")))
    half = len(fillings) // 2
    assert fits(pattern, "a" + "".join(fillings[:half]) + "b" + "".join(fillings[half:]))


def test_a_pattern_does_not_fit_what_begins_otherwise():
    assert not fits(Text(("https://", Hole("x"))), "http://a")
    assert not fits(Text((Hole("x"), ".run.app")), "a.run.ap")
    assert not fits(Text(("a", Hole("x"), "a")), "a")
