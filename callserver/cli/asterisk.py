import typer

app = typer.Typer()


def asterisk() -> None: ...
