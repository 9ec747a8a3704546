"""What a plan of a bootstrap may hold that no other plan may."""

import pytest

from wfprov.core.ownership import bootstrap_mark, mark_of
from wfprov.plan.change import Create, Mode, Plan, Update
from wfprov.plan.legal import IllegalPlanError, check_legal
from wfprov.resources.service_account import ServiceAccount

MARK = mark_of("orders", "prod")


def account(stack, name="deployer"):
    return ServiceAccount(project="acme", account_id=name, display_name=name, stack=stack)


def plan(mode, *changes):
    return Plan(
        stack="orders",
        mark=MARK,
        endpoint="cloud",
        environment="prod",
        project="acme",
        mode=mode,
        created=1.0,
        expires=2.0,
        changes=changes,
    )


def test_the_mark_of_what_deploys_is_another_and_fits_where_the_stacks_own_does():
    assert bootstrap_mark(MARK) != MARK
    assert bootstrap_mark(mark_of("s" * 63, "e" * 30)) != mark_of("s" * 63, "e" * 30)
    assert len(bootstrap_mark(mark_of("s" * 63, "e" * 30))) <= 63


def test_a_bootstrap_makes_things_of_both_marks_and_no_other_plan_does():
    made = Create(account(bootstrap_mark(MARK))), Create(account(MARK, "order-intake"))
    check_legal(plan(Mode.BOOTSTRAP, *made))
    with pytest.raises(IllegalPlanError, match="carries the stack's mark"):
        check_legal(plan(Mode.APPLY, *made))


def test_a_bootstrap_changes_nothing_of_another_stack():
    was, now = account("other__prod"), account(bootstrap_mark(MARK))
    with pytest.raises(IllegalPlanError, match="other__prod"):
        check_legal(plan(Mode.BOOTSTRAP, Update(was, now)))


def test_a_bootstrap_hands_nothing_of_the_stack_to_the_deployer_nor_back():
    for was, now in ((MARK, bootstrap_mark(MARK)), (bootstrap_mark(MARK), MARK)):
        with pytest.raises(IllegalPlanError, match="stays the stack"):
            check_legal(plan(Mode.BOOTSTRAP, Update(account(was), account(now))))
