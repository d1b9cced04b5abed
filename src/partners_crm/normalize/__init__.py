"""Pure rules that turn what people type into what can be compared; the typed text always stays beside the result.

The parsers of phones and addresses are imported inside functions: a coverage check must not pay for them.
"""
