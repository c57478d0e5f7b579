"""What a derivation has to show: each step proved for all sizes, by every tool that is installed."""

from convproof.symbolic import relations, smt

#: How many of isl and z3 are installed.
PROVERS = relations.available() + smt.available()


def assert_proved(found, besides=()):
    """Each step is `universal` by isl and by z3, leaves nothing out, and is exact at sizes; `besides` names rules."""
    for step in found.steps:
        if step.rule == "definition" or step.rule in besides:
            continue
        words = [c.evidence for c in step.certificates]
        assert words.count("universal") >= PROVERS, (step.rule, words)
        assert "exact" in words, step.rule
        if PROVERS == 2:
            assert not any(c.not_covered for c in step.certificates), (step.rule, step.certificates)
