"""Which records are one and the same: one score for people and organizations, for any list, without labels.

The scheme is that of Fellegi and Sunter ("A Theory for Record Linkage", JASA 1969): each thing that two records agree
or differ in speaks for or against their being one by the logarithm of how much likelier it is of one record written
twice than of two by chance. How likely by chance is counted in the list itself, value by value: a rare name says more
than a common one. How likely of one record is a prior for each kind of field that the list itself corrects, by
expectation and maximization. So a score is a probability, 0.5 means the same in every list, and is the one threshold.

`weighing` is the arithmetic, `rarity` counts, `people` and `bodies` say what records of each kind are compared by, and
`candidates` which pairs are compared at all.
"""
