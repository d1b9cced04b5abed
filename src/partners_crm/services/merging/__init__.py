"""Merging two records into one without losing anything: a plan that can be looked at, and carrying it out.

What both say is decided field by field (`fields`); every relation of the declarations is followed (`working`, by the
`rules`), what has to hold is mended (`mending`), and one unit of work writes it (`applying`). The journal keeps which
record went into which (`store/merges`); an undo brings both back exactly.
"""

from partners_crm.services.merging.applying import carry_out, merge, merge_all, merge_pair, title_of_merges
from partners_crm.services.merging.fields import FieldChoice
from partners_crm.services.merging.plan import Fold, MergePlan, Relation, not_taken, plan_merge
from partners_crm.services.merging.rules import MERGEABLE, RULES

__all__ = [
    "MERGEABLE",
    "RULES",
    "FieldChoice",
    "Fold",
    "MergePlan",
    "Relation",
    "carry_out",
    "merge",
    "merge_all",
    "merge_pair",
    "not_taken",
    "plan_merge",
    "title_of_merges",
]
