"""What a sceptic asks of a model: what it reads besides disease, judged by limits stated beforehand."""
