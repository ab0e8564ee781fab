import typer

app = typer.Typer()


def tail() -> None: ...
