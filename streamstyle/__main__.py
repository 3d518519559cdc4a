"""`python -m streamstyle`."""

from streamstyle.cli import main

if __name__ == "__main__":
    main()
