import typer

app = typer.Typer()


def reconcile() -> None: ...
