"""What the commands in setup/ are made of; standard library only, Python 3.10 or newer."""
