"""`python -m streamstyle`."""

from streamstyle.cli.main import main

if __name__ == "__main__":
    main()
