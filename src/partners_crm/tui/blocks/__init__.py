"""The closed set of blocks on the screen: a page of them, each drawn line by line, forms with lines to type in."""
