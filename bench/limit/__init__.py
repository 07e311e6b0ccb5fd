"""What no version of the service can outdo: the same statements and answers, and nothing else around them."""
