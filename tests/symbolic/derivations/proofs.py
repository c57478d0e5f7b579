"""What a derivation has to show: each step proved for all sizes, by every tool that is installed."""

from convproof.symbolic import relations, smt


def assert_proved(found, besides=()):
    """Each step is `universal` by isl and by z3, leaves nothing out, and is exact at sizes; `besides` names rules."""
    tools = relations.available() + smt.available()
    for step in found.steps:
        if step.rule == "definition" or step.rule in besides:
            continue
        words = [c.evidence for c in step.certificates]
        assert words.count("universal") >= tools, (step.rule, words)
        assert "exact" in words, step.rule
        if tools == 2:
            assert not any(c.not_covered for c in step.certificates), (step.rule, step.certificates)
