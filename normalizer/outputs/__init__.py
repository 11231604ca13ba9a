"""Where documents go: servers and files. What is here only talks to them, and knows no back end."""
