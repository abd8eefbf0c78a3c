"""What is pleasant to ask a Git repository with."""
from happy_core import HappyRepo
