"""What a video can be painted in: the library of styles, what `--style` names, blends, contact sheets."""
