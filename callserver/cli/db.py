import typer

app = typer.Typer()


def db() -> None: ...
