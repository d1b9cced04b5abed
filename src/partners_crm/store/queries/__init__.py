"""The one query language: what a person types becomes a condition on records, a sentence, and reasons.

tree, grammar   what was typed, as a tree; pure
days            dates and numbers as they are compared; pure
steps           which entities a query reaches from another one, derived from the declarations
fields          what a name in a query stands for: ways over steps to something that is tested
tests, more     what can be tested of a record: its fields, its title, its district, the journal, a saved search
words           where a free word is looked for
selecting       the records that a query means
sentence, why   what a query means in plain words, and why a record is in its list
complete        what could be typed next
"""
