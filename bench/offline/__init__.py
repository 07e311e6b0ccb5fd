"""What `python -m bench.recommend` is made of: files in, a database of its own, the product's code, files out."""
